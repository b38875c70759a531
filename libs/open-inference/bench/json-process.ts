/** One reader of REST bodies in a process of its own: argv has `streamed` or `parsed`, and the datatype. Prints ms per body and MiB at the peak. */
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { ModelInferRequest } from '../src/index.ts';
import { encodeInferRequest, InferRequestReader } from '../src/json/index.ts';

// The flags of the REST proxy's process.
for (const flag of [
  '--max-semi-space-size=1',
  '--semi-space-growth-factor=1',
  '--heap-growing-percent=20',
  '--memory-saver-mode',
])
  setFlagsFromString(flag);

const CHUNK = 64 * 1024;
const MIB = 1024 * 1024;
const CONTENTS = { FP32: 'fp32Contents', INT64: 'int64Contents', BYTES: 'bytesContents' } as const;

type Datatype = keyof typeof CONTENTS;
type Body = {
  readonly inputs: readonly {
    readonly name: string;
    readonly datatype: Datatype;
    readonly shape: number[];
    readonly data: unknown[];
  }[];
};

const [mode, kind = 'FP32', bytes = String(MIB)] = process.argv.slice(2);
const datatype = kind as Datatype;
const body = bodyOf(datatype, Number(bytes));

function bodyOf(type: Datatype, size: number): Buffer {
  const element = {
    FP32: () => Math.random().toFixed(8),
    INT64: (i: number) => String(i),
    BYTES: (i: number) => `"text ${i}"`,
  }[type];
  const elements: string[] = [];
  for (let length = 0; length < size; length += (elements.at(-1)?.length ?? 0) + 1)
    elements.push(element(elements.length));
  return Buffer.from(
    `{"inputs":[{"name":"x","datatype":"${type}","shape":[${elements.length}],"data":[${elements.join(',')}]}]}`,
  );
}

function streamed(): Buffer {
  const reader = new InferRequestReader();
  for (let at = 0; at < body.length; at += CHUNK) {
    // As from a socket: each chunk is memory of its own.
    reader.write(Buffer.from(body.subarray(at, at + CHUNK)));
  }
  return encodeInferRequest('model', '', reader.end());
}

function parsed(): Buffer {
  const chunks: Buffer[] = [];
  for (let at = 0; at < body.length; at += CHUNK) chunks.push(Buffer.from(body.subarray(at, at + CHUNK)));
  const { inputs } = JSON.parse(Buffer.concat(chunks).toString()) as Body;
  const [input] = inputs;
  if (input === undefined) throw new Error('The body has no input');
  const { name, shape, data } = input;
  const elements = {
    FP32: () => data,
    INT64: () => data.map((each) => BigInt(each as number)),
    BYTES: () => data.map((each) => Buffer.from(each as string)),
  }[datatype]();
  const message = ModelInferRequest.fromPartial({
    modelName: 'model',
    inputs: [{ name, datatype, shape: shape.map(BigInt), contents: { [CONTENTS[datatype]]: elements } }],
  });
  return Buffer.from(ModelInferRequest.encode(message).finish());
}

const run = mode === 'streamed' ? streamed : parsed;
for (let warm = 0; warm < 5; warm += 1) run();
const before = memory('VmRSS');
const rounds = Math.max(5, Math.round((40 * MIB) / body.length));
const began = performance.now();
for (let round = 0; round < rounds; round += 1) run();
const ms = (performance.now() - began) / rounds;
console.log(JSON.stringify({ ms, peakMiB: memory('VmHWM') / MIB, idleMiB: before / MIB, bytes: body.length }));

function memory(name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024;
}
