import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { request } from 'undici';
import type { KubeTransport } from '@meshkeeper/kubernetes';
import { loopbackAlias } from '@meshkeeper/settings';
import type { Pod } from '../kube/objects.ts';
import { waitFor } from '../wait-for.ts';
import type { Sample } from './serving.ts';

/** What became of a request to a sample, sent as a user would. */
export type Prediction = {
  readonly url: string;
  /** File of the request, below the repository. */
  readonly request: string;
  readonly answer: string;
};

const REST_PROXY = 'rest-proxy';
const LIMIT_MS = 30_000;

/** Asks a sample by REST. Undefined where it has no request, or no pod takes one. @throws Error when no answer comes */
export async function predict(
  client: KubeTransport,
  namespace: string,
  root: string,
  sample: Sample,
): Promise<Prediction | undefined> {
  const host = await restHost(client, namespace);
  if (sample.request === undefined || host === undefined) return undefined;
  const url = `http://${host}/v2/models/${sample.name}/infer`;
  const body = readFileSync(join(root, sample.request));
  const ask = async (): Promise<string | undefined> => {
    const answer = await request(url, { method: 'POST', body, headersTimeout: 10_000 });
    const text = await answer.body.text();
    return answer.statusCode === 200 ? text : undefined;
  };
  const answer = await waitFor(ask, { timeoutMs: LIMIT_MS, what: `an answer from ${url}`, intervalMs: 250 });
  return { url, request: sample.request, answer };
}

/** Any pod does: the mesh in it finds the one that has the model. */
async function restHost(client: KubeTransport, namespace: string): Promise<string | undefined> {
  const path = `/api/v1/namespaces/${namespace}/pods`;
  const { items } = await client.call<{ readonly items: readonly Pod[] }>({ method: 'GET', path });
  for (const { spec, status } of items) {
    const port = spec.containers.find(({ name }) => name === REST_PROXY)?.ports?.[0]?.containerPort;
    const ready = status.conditions?.some(({ type, status: state }) => type === 'Ready' && state === 'True');
    if (port !== undefined && ready === true && status.podIP !== undefined)
      return `${loopbackAlias(status.podIP)}:${port}`;
  }
  return undefined;
}
