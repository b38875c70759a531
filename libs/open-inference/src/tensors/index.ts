/** Tensors of the V2 protocol as typed arrays and back. */
export { type TensorFacts, type TensorValue, datatypeOf, NUMBER_KINDS, ONNX_TYPES } from './datatypes.ts';
export { readInputs, readOutputs } from './read-inputs.ts';
export { writeOutputs } from './write-outputs.ts';
