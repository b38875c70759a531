import type { ModelMetadataResponse, TensorMetadata } from '../gen/inference/v2.ts';

/** As protobuf has it in JSON: 64-bit integers are strings, and what is not set is left out. */
export function metadataJson({ name, versions, platform, inputs, outputs }: ModelMetadataResponse): string {
  return JSON.stringify(
    withoutEmpty({ name, versions, platform, inputs: inputs.map(tensorJson), outputs: outputs.map(tensorJson) }),
  );
}

function tensorJson({ name, datatype, shape }: TensorMetadata): Record<string, unknown> {
  return withoutEmpty({ name, datatype, shape: shape.map(String) });
}

function withoutEmpty(fields: Readonly<Record<string, string | readonly unknown[]>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value.length > 0));
}
