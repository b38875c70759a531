import type {
  V1Container,
  V1ContainerState,
  V1ContainerStatus,
  V1EnvVar,
  V1KeyToPath,
  V1LifecycleHandler,
  V1ObjectMeta,
  V1PodCondition,
  V1PodSpec,
  V1PodStatus,
  V1Probe,
  V1SecretKeySelector,
  V1Volume,
} from '@kubernetes/client-node';

/** An object as the API server sends it and as it is sent there: a time is text. */
type Json<T> = T extends Date
  ? string
  : T extends readonly (infer Item)[]
    ? readonly Json<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]: Json<T[Key]> }
      : T;

/** What the API server gives to each object, and refuses a Pod without. */
type Identity = { readonly name: string; readonly namespace: string; readonly uid: string };

export type Pod = {
  readonly metadata: Json<V1ObjectMeta> & Identity;
  readonly spec: Omit<Json<V1PodSpec>, 'containers'> & { readonly containers: readonly Container[] };
  readonly status: PodStatus;
};
export type PodStatus = Json<V1PodStatus>;
export type Condition = Json<V1PodCondition>;
export type Container = Json<V1Container> & { readonly image: string };
export type ContainerState = Json<V1ContainerState>;
export type ContainerStatus = Json<V1ContainerStatus>;
export type EnvVar = Json<V1EnvVar>;
/** Of a Secret or a ConfigMap. */
export type KeyRef = Json<V1SecretKeySelector>;
export type KeyToPath = Json<V1KeyToPath>;
export type Volume = Json<V1Volume>;
export type Probe = Json<V1Probe>;
/** One thing that a kubelet does to a container. */
export type Action = Json<V1LifecycleHandler>;
