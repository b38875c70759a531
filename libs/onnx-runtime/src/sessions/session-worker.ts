/** The thread in which sessions live: the native code of ONNX Runtime holds up the thread that calls it. */
import { parentPort } from 'node:worker_threads';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import {
  datatypeOf,
  NUMBER_KINDS,
  ONNX_TYPES,
  type TensorFacts,
  type TensorValue,
} from '@meshkeeper/open-inference/tensors';
import type { ModelFacts, WorkerAnswer, WorkerRequest, WorkerTask } from './messages.ts';

// The native half of onnxruntime-node cannot read a Float16Array, which its other half takes as soon as there is one; without it both
// take a Uint16Array.
Reflect.deleteProperty(globalThis, 'Float16Array');

/** Errors only: failures are reported to the caller. */
const LOG_SEVERITY = 3;
const sessions = new Map<string, InferenceSession>();
const onnxTypes = new Map<string, Tensor.Type>(
  Object.entries(ONNX_TYPES).map(([type, datatype]) => [datatype, type as Tensor.Type]),
);

parentPort?.on('message', ({ id, task }: WorkerRequest) => {
  // Copied, not moved: the memory of an output may be ONNX Runtime's own.
  const reply = (answer: WorkerAnswer): void => parentPort?.postMessage(answer, []);
  perform(task).then(
    (value) => reply({ id, kind: 'done', value }),
    (error: unknown) => reply({ id, kind: 'failed', message: error instanceof Error ? error.message : String(error) }),
  );
});

async function perform(task: WorkerTask): Promise<unknown> {
  switch (task.kind) {
    case 'load':
      return load(task.model, task.path, task.threads);
    case 'run':
      return run(task.model, task.inputs, task.outputs);
    case 'release': {
      const session = sessions.get(task.model);
      sessions.delete(task.model);
      await session?.release();
      return undefined;
    }
  }
}

async function load(model: string, path: string, threads: number): Promise<ModelFacts> {
  const options = { intraOpNumThreads: threads, interOpNumThreads: 1, logSeverityLevel: LOG_SEVERITY } as const;
  const session = await InferenceSession.create(path, options);
  try {
    const facts = { inputs: session.inputMetadata.map(toFacts), outputs: session.outputMetadata.map(toFacts) };
    sessions.set(model, session);
    return facts;
  } catch (error) {
    await session.release();
    throw error;
  }
}

function toFacts(value: InferenceSession.ValueMetadata): TensorFacts {
  if (!value.isTensor) throw new Error(`'${value.name}' is no tensor`);
  const datatype = datatypeOf(value.type);
  if (datatype === undefined)
    throw new Error(`'${value.name}' is of type ${value.type}, which the protocol has no word for`);
  const shape = value.shape.map((length) => (typeof length === 'number' ? length : -1));
  // ONNX Runtime reports a scalar and an unknown shape alike.
  return { name: value.name, datatype, shape: shape.length === 0 ? undefined : shape };
}

async function run(
  model: string,
  inputs: Readonly<Record<string, TensorValue>>,
  outputs: readonly string[],
): Promise<Record<string, TensorValue>> {
  const session = sessions.get(model);
  if (session === undefined) throw new Error('the session is gone');
  const feeds = Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, toTensor(value)]));
  const results = await session.run(feeds, outputs);
  return Object.fromEntries(outputs.map((name) => [name, toValue(results[name] as Tensor)]));
}

function toTensor(value: TensorValue): Tensor {
  if (value.kind === 'strings') return new Tensor('string', [...value.strings], value.shape);
  const { datatype, buffer, shape } = value;
  const data = NUMBER_KINDS[datatype].view(buffer) as Float32Array;
  return new Tensor(onnxTypes.get(datatype) as 'float32', data, shape);
}

function toValue(tensor: Tensor): TensorValue {
  const shape = [...tensor.dims];
  if (tensor.type === 'string') return { kind: 'strings', shape, strings: tensor.data as string[] };
  const datatype = datatypeOf(tensor.type);
  if (datatype === undefined || datatype === 'BYTES') throw new Error(`an output is of type ${tensor.type}`);
  const { buffer, byteOffset, byteLength } = tensor.data as Float32Array<ArrayBuffer>;
  const isWhole = byteOffset === 0 && byteLength === buffer.byteLength;
  return {
    kind: 'numbers',
    datatype,
    shape,
    buffer: isWhole ? buffer : buffer.slice(byteOffset, byteOffset + byteLength),
  };
}
