import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createChannel, createClient, type CallOptions } from 'nice-grpc';
import type { ChannelCredentials } from '@grpc/grpc-js';
import { request, type Dispatcher } from 'undici';
import { GRPCInferenceServiceDefinition } from '@meshkeeper/open-inference';
import { loopbackAlias } from '@meshkeeper/settings';
import { BUCKET } from '../../src/index.ts';
import type { Pod } from '../../src/kube/objects.ts';
import type { Cluster } from './model-objects.ts';

const CALL_MS = 20_000;
const MODELS = join(import.meta.dirname, '../../../../examples/models');

/** The image of an eight, as 64 numbers. */
export const EIGHT: readonly number[] = (
  JSON.parse(readFileSync(join(MODELS, 'digits-request.json'), 'utf8')) as { inputs: [{ data: number[] }] }
).inputs[0].data;

/** An InferenceService as users write it. */
export function model(name: string, format: string, storage: object, more: object = {}): object {
  return {
    apiVersion: 'serving.kserve.io/v1beta1',
    kind: 'InferenceService',
    metadata: { name, annotations: { 'serving.kserve.io/deploymentMode': 'ModelMesh' } },
    spec: { predictor: { model: { modelFormat: { name: format }, ...storage, ...more } } },
  };
}

/** Puts the digits into the sandbox's object store under another name, or into a claim's folder. */
export function putDigits(
  cluster: Cluster,
  place: { readonly key: string } | { readonly claim: string; readonly path: string },
): void {
  const state = join(cluster.folder, 'state');
  const file =
    'key' in place
      ? join(state, 'object-store', BUCKET, place.key)
      : join(state, 'claims', `modelmesh-serving_${place.claim}`, place.path);
  mkdirSync(dirname(file), { recursive: true });
  cpSync(join(MODELS, 'digits.onnx'), file);
}

/** The loopback alias of a pod of a runtime that is ready, and stays. @throws Error where there is none */
export async function podHost({ sandbox }: Cluster, runtime: string): Promise<string> {
  const selector = `--selector=name=modelmesh-serving-${runtime}`;
  const { items } = JSON.parse(await sandbox.kubectl(['get', 'pods', selector, '-o', 'json'])) as {
    readonly items: readonly Pod[];
  };
  const serves = ({ metadata, status }: Pod): boolean =>
    metadata.deletionTimestamp === undefined &&
    status.conditions?.some(({ type, status: state }) => type === 'Ready' && state === 'True') === true;
  const ip = items.find(serves)?.status.podIP;
  if (ip === undefined) throw new Error(`No pod of ${runtime} is ready`);
  return loopbackAlias(ip);
}

type Endpoint = {
  readonly addresses: readonly [string];
  readonly conditions: { readonly ready: boolean };
  readonly targetRef: { readonly name: string };
};

/** The pods that the Service sends its callers to, each with its loopback alias. */
export async function endpoints({
  sandbox,
}: Cluster): Promise<readonly { readonly pod: string; readonly host: string }[]> {
  const selector = '--selector=kubernetes.io/service-name=modelmesh-serving';
  const { items } = JSON.parse(await sandbox.kubectl(['get', 'endpointslices', selector, '-o', 'json'])) as {
    readonly items: readonly { readonly endpoints: readonly Endpoint[] | null }[];
  };
  return items
    .flatMap((slice) => slice.endpoints ?? [])
    .filter(({ conditions }) => conditions.ready)
    .map(({ addresses: [address], targetRef: { name } }) => ({ pod: name, host: loopbackAlias(address) }));
}

export type Rest = { readonly status: number; readonly text: string };

/** One infer by REST. */
export async function rest(origin: string, name: string, input: object, dispatcher?: Dispatcher): Promise<Rest> {
  const body = JSON.stringify({ inputs: [input] });
  const options = dispatcher === undefined ? {} : { dispatcher };
  const answer = await request(`${origin}/v2/models/${name}/infer`, { method: 'POST', body, ...options });
  return { status: answer.statusCode, text: await answer.body.text() };
}

export const image = (more: object = {}): object => ({
  name: 'image',
  shape: [1, 64],
  datatype: 'FP32',
  data: EIGHT,
  ...more,
});

/** A client of the V2 protocol at a pod. */
export function v2Client(host: string, credentials?: ChannelCredentials) {
  const channel = createChannel(`${host}:8033`, credentials);
  const client = createClient(GRPCInferenceServiceDefinition, channel);
  const within = (): CallOptions => ({ signal: AbortSignal.timeout(CALL_MS) });
  return {
    metadata: (name: string) => client.modelMetadata({ name }, within()),
    /** The digit that a model sees in a picture, as the first element of its first output. */
    digit: async (modelName: string, input: object = {}) => {
      const tensor = {
        name: 'image',
        datatype: 'FP32',
        shape: [1n, 64n],
        contents: { fp32Contents: [...EIGHT] },
        ...input,
      };
      const { outputs, modelName: served } = await client.modelInfer({ modelName, inputs: [tensor] }, within());
      return { digit: outputs[0]?.contents?.int64Contents[0], served };
    },
    close: () => channel.close(),
  };
}
