/** A model server on ONNX Runtime that implements `mmesh.ModelRuntime` and the V2 inference protocol. */
export { readOnnxSettings } from './settings.ts';
export { startOnnxRuntime } from './start-onnx-runtime.ts';
