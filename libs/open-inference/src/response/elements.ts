import { RestError } from '../json/rest-error.ts';
import { Cursor } from './cursor.ts';
import { doubleText, floatText, int64Text, uint64Text } from './number-text.ts';
import { unreadable, WireReader } from './wire-reader.ts';

const UNKNOWN = 2;
const BYTES_FIELD = 8;

/** Takes the JSON text of one element. */
export type WriteElement = (json: string) => void;

/** How the elements of a datatype are encoded in a message: in a field of `InferTensorContents`, or raw, in so many bytes each. */
type ElementKind = {
  readonly field: number;
  readonly typed: (cursor: Cursor) => string;
  readonly rawBytes: number;
  readonly raw: (cursor: Cursor) => string;
};

type ReadNumber = (view: DataView, at: number) => number;

const int = (rawBytes: number, read: ReadNumber): ElementKind => ({
  field: 2,
  typed: (cursor) => {
    cursor.varint();
    return String(cursor.low | 0);
  },
  rawBytes,
  raw: (cursor) => String(read(cursor.view, cursor.step(rawBytes))),
});

const uint = (rawBytes: number, read: ReadNumber): ElementKind => ({
  field: 4,
  typed: (cursor) => {
    cursor.varint();
    return String(cursor.low);
  },
  rawBytes,
  raw: (cursor) => String(read(cursor.view, cursor.step(rawBytes))),
});

const long = (field: number, toText: (low: number, high: number) => string): ElementKind => ({
  field,
  typed: (cursor) => {
    cursor.varint();
    return toText(cursor.low, cursor.high);
  },
  rawBytes: 8,
  raw: (cursor) => {
    cursor.fixed64();
    return toText(cursor.low, cursor.high);
  },
});

const real = (field: number, rawBytes: number, read: (cursor: Cursor) => string): ElementKind => ({
  field,
  typed: read,
  rawBytes,
  raw: read,
});

const KINDS: Readonly<Record<string, ElementKind>> = {
  BOOL: {
    field: 1,
    typed: (cursor) => {
      cursor.varint();
      return String(cursor.low !== 0 || cursor.high !== 0);
    },
    rawBytes: 1,
    raw: (cursor) => String(cursor.view.getUint8(cursor.step(1)) !== 0),
  },
  UINT8: uint(1, (view, at) => view.getUint8(at)),
  UINT16: uint(2, (view, at) => view.getUint16(at, true)),
  UINT32: uint(4, (view, at) => view.getUint32(at, true)),
  UINT64: long(5, uint64Text),
  INT8: int(1, (view, at) => view.getInt8(at)),
  INT16: int(2, (view, at) => view.getInt16(at, true)),
  INT32: int(4, (view, at) => view.getInt32(at, true)),
  INT64: long(3, int64Text),
  FP32: real(6, 4, (cursor) => floatText(cursor.view.getFloat32(cursor.step(4), true))),
  FP64: real(7, 8, (cursor) => doubleText(cursor.view.getFloat64(cursor.step(8), true))),
};

/** @throws RestError 500 for a datatype that has no form in JSON */
export function checkDatatype(datatype: string, tensor: string): void {
  if (datatype === 'FP16') throw new RestError(UNKNOWN, `FP16 tensors not supported (request tensor ${tensor})`);
  if (datatype !== 'BYTES' && !Object.hasOwn(KINDS, datatype))
    throw new RestError(UNKNOWN, `unsupported datatype in inference response outputs: ${datatype}`);
}

/** The elements of an `InferTensorContents`, packed or one by one. */
export function writeTyped(datatype: string, contents: Buffer, write: WriteElement): void {
  const fields = new WireReader(contents);
  const kind = KINDS[datatype];
  const wanted = kind?.field ?? BYTES_FIELD;
  while (fields.next()) {
    if (fields.field !== wanted) continue;
    if (kind === undefined) {
      write(`"${contents.toString('base64', fields.from, fields.to)}"`);
      continue;
    }
    const cursor = new Cursor(contents, fields.from);
    while (cursor.at < fields.to) write(kind.typed(cursor));
    if (cursor.at !== fields.to) throw unreadable();
  }
}

/** The elements of raw contents, of which the shape says how many they are. @throws RestError 500 when they are more or fewer */
export function writeRaw(datatype: string, raw: Buffer, count: number, write: WriteElement): void {
  const kind = KINDS[datatype];
  if (kind === undefined) return writeRawBytes(raw, count, write);
  if (raw.length < count * kind.rawBytes) throw tooFew();
  if (raw.length > count * kind.rawBytes) throw tooMany();
  const cursor = new Cursor(raw, 0);
  for (let index = 0; index < count; index += 1) write(kind.raw(cursor));
}

/** Each has its length in front, in four bytes. */
function writeRawBytes(raw: Buffer, count: number, write: WriteElement): void {
  let at = 0;
  for (let index = 0; index < count; index += 1) {
    if (at + 4 > raw.length) throw tooFew();
    const from = at + 4;
    at = from + raw.readUInt32LE(at);
    if (at > raw.length) throw tooFew();
    write(`"${raw.toString('base64', from, at)}"`);
  }
  if (at < raw.length) throw tooMany();
}

function tooFew(): RestError {
  return new RestError(UNKNOWN, 'unexpected end of raw tensor bytes');
}

function tooMany(): RestError {
  return new RestError(UNKNOWN, 'more raw tensor bytes than expected');
}
