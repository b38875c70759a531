/** V2 over REST: requests from JSON to protobuf bytes, answers from protobuf bytes to JSON, and the error envelope. */
export { RestError, GRPC_CODES, invalid, errorBody, httpStatusOf } from './rest-error.ts';
export { encodeInferRequest } from '../request/encode-request.ts';
export { InferRequestReader } from '../request/infer-request-reader.ts';
export { inferResponseJson } from '../response/infer-response.ts';
export { metadataJson } from '../response/metadata-response.ts';
