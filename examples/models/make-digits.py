"""Makes the model of the examples: logistic regression over scikit-learn's 8x8 digits, pixels from 0 to 1.

    make-digits.py digits.onnx            for a server of ONNX: input `image` FP32 [-1,64], outputs `label` and `probabilities`
    make-digits.py digits.joblib          the same classifier for MLServer
    make-digits.py digits-request.json    a V2 inference request with one image of an 8

Needs scikit-learn and, for ONNX, skl2onnx.
"""

import json
import sys
from pathlib import Path

from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

DIGIT = 8


def train():
    digits = load_digits()
    images = digits.data / 16
    classifier = LogisticRegression(max_iter=1000).fit(images, digits.target)
    return classifier, images, digits.target


def to_onnx(classifier) -> bytes:
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType

    model = to_onnx(
        classifier,
        name="digits",
        initial_types=[("image", FloatTensorType([None, 64]))],
        options={"zipmap": False},
        target_opset=13,
    )
    rename_output(model, model.graph.output[0].name, "label")
    rename_output(model, model.graph.output[1].name, "probabilities")
    return model.SerializeToString()


def rename_output(model, old: str, new: str) -> None:
    for output in model.graph.output:
        if output.name == old:
            output.name = new
    for node in model.graph.node:
        for names in (node.input, node.output):
            for index, name in enumerate(names):
                if name == old:
                    names[index] = new


def to_request(classifier, images, targets) -> str:
    known = classifier.predict(images)
    image = next(image for image, target, said in zip(images, targets, known) if target == said == DIGIT)
    tensor = {"name": "image", "datatype": "FP32", "shape": [1, 64], "data": [float(pixel) for pixel in image]}
    return json.dumps({"inputs": [tensor]}) + "\n"


def main(path: Path) -> None:
    classifier, images, targets = train()
    if path.suffix == ".onnx":
        path.write_bytes(to_onnx(classifier))
    elif path.suffix == ".joblib":
        import joblib

        joblib.dump(classifier, path)
    else:
        path.write_text(to_request(classifier, images, targets))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
