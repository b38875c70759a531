/**
 * The open inference protocol (V2) in types: what a model server answers, and what Triton and MLServer load models by. For the
 * containers of a serving pod; the controller needs none of it. Generated from `proto/inference`.
 */
export {
  GRPCInferenceServiceDefinition,
  InferParameter,
  InferTensorContents,
  ModelInferRequest,
  ModelInferRequest_InferInputTensor as InferInputTensor,
  ModelInferRequest_InferRequestedOutputTensor as InferRequestedOutputTensor,
  ModelInferResponse,
  ModelInferResponse_InferOutputTensor as InferOutputTensor,
  ModelMetadataRequest,
  ModelMetadataResponse,
  TensorMetadata,
  type GRPCInferenceServiceClient,
  type GRPCInferenceServiceImplementation,
} from './gen/inference/v2.ts';
