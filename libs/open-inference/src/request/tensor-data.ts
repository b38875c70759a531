import type { JsonEvents } from '../json/json-scanner.ts';
import { GrowingBytes } from './growing-bytes.ts';

/** What is known of a tensor when all of it has been read. */
export type TensorFacts = { readonly shape: readonly number[]; readonly isBase64: boolean };

/** Takes the elements of one tensor, as they come. Every method throws RestError 400. */
export type TensorData = Omit<JsonEvents, 'key'> & {
  key(): void;
  /** Checks what could not be checked before; gives the packed elements. */
  finish(facts: TensorFacts): PackedContents;
};

/** A field of `InferTensorContents` as protobuf has it on the wire, what stands before its elements aside. */
export type PackedContents = {
  /** The tag and, of packed elements, their length in bytes; nothing when there are none. */
  readonly head: Buffer;
  readonly elements: GrowingBytes;
};

/** Tags of the fields of `InferTensorContents`, all of them length-delimited. */
export const CONTENTS_TAGS = {
  bool: 0x0a,
  int: 0x12,
  int64: 0x1a,
  uint: 0x22,
  uint64: 0x2a,
  fp32: 0x32,
  fp64: 0x3a,
  bytes: 0x42,
};

export function packed(tag: number, elements: GrowingBytes): PackedContents {
  if (elements.length === 0) return { head: Buffer.alloc(0), elements };
  const head = new GrowingBytes();
  head.varint(tag);
  head.varint(elements.length);
  const bytes = Buffer.alloc(head.length);
  head.moveTo(bytes, 0);
  return { head: bytes, elements };
}

/** `data` is missing, or of no interest as its datatype is refused later. */
export const NO_DATA: TensorData = {
  startObject: () => undefined,
  endObject: () => undefined,
  startArray: () => undefined,
  endArray: () => undefined,
  key: () => undefined,
  string: () => undefined,
  number: () => undefined,
  literal: () => undefined,
  finish: () => ({ head: Buffer.alloc(0), elements: new GrowingBytes() }),
};
