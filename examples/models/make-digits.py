"""Makes the sample model: which digit does an image of 8 by 8 pixels show?

  make-digits.py digits.onnx    needs scikit-learn and skl2onnx
  make-digits.py digits.joblib  needs scikit-learn

Both hold the same classifier, trained on scikit-learn's digits with each pixel between 0 and 1.
"""

import sys

from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

OPSET = 13


def train():
    digits = load_digits()
    return LogisticRegression(max_iter=1000).fit((digits.data / 16).astype("float32"), digits.target)


def write_onnx(model, path):
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType

    onnx = to_onnx(
        model,
        initial_types=[("image", FloatTensorType([None, 64]))],
        final_types=None,
        options={"zipmap": False, "output_class_labels": False},
        target_opset=OPSET,
    )
    names = dict(zip([output.name for output in onnx.graph.output], ["label", "probabilities"]))
    for node in onnx.graph.node:
        node.output[:] = [names.get(name, name) for name in node.output]
        node.input[:] = [names.get(name, name) for name in node.input]
    for output in onnx.graph.output:
        output.name = names[output.name]
    with open(path, "wb") as file:
        file.write(onnx.SerializeToString())


def main(path):
    if path.endswith(".onnx"):
        write_onnx(train(), path)
    else:
        import joblib

        joblib.dump(train(), path)


if __name__ == "__main__":
    main(sys.argv[1])
