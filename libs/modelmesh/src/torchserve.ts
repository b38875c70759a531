/** TorchServe's management calls in types, as far as the adapter makes them. Generated from `proto/torchserve`. */
export { InferenceAPIsServiceDefinition, type InferenceAPIsServiceImplementation } from './gen/torchserve/inference.ts';
export {
  ManagementAPIsServiceDefinition,
  type ManagementAPIsServiceClient,
  type ManagementAPIsServiceImplementation,
} from './gen/torchserve/management.ts';
