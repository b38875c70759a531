import { z } from 'zod';
import { parseConfig, type ParsedConfig } from './config.ts';
import type { KindName } from './kinds.ts';
import { asObject, type ReducedObject } from './reduce.ts';
import { runtimeLabels } from './runtime-labels.ts';

export const ENABLED_LABEL = 'modelmesh-enabled';

export type NamespaceFacts = { readonly enabled: boolean };
export type RuntimeFacts = {
  readonly multiModel: boolean;
  readonly disabled: boolean;
  readonly labels: readonly string[];
};
/** Whether any pod of the inference Service takes calls. Which pods they are changes more often than anybody needs to wake for. */
export type EndpointFacts = { readonly service: string; readonly ready: boolean };
export type ConfigFacts = ParsedConfig;

export type FactsContext = {
  /** The controller's own namespace, which counts as enabled while it carries no label. */
  readonly ownNamespace: string;
};

/** What others' plans need of an object; undefined for kinds that nobody else reads. Pure, and tolerant of any body. */
export function factsOf(kind: KindName, body: ReducedObject, context: FactsContext): unknown {
  switch (kind) {
    case 'namespaces':
      return namespaceFacts(body, context);
    case 'config':
      return parseConfig(asObject(body.data?.['config'])) satisfies ConfigFacts;
    case 'servingRuntimes':
    case 'clusterServingRuntimes':
      return runtimeFacts(body);
    case 'endpointSlices':
      return { service: serviceOf(body), ready: readyAddresses(body).length > 0 } satisfies EndpointFacts;
    case 'inferenceServices':
    case 'predictors':
    case 'deployments':
    case 'services':
      return undefined;
  }
}

/** Cluster scope: the label decides where it is present, and only `true` says yes; a Terminating namespace is left alone. */
function namespaceFacts(body: ReducedObject, context: FactsContext): NamespaceFacts {
  const label = body.metadata.labels?.[ENABLED_LABEL];
  if (label === undefined) return { enabled: body.metadata.name === context.ownNamespace };
  return { enabled: label === 'true' && body.status?.['phase'] !== 'Terminating' };
}

function runtimeFacts(body: ReducedObject): RuntimeFacts {
  const spec = body.spec ?? {};
  return {
    multiModel: spec['multiModel'] === true,
    disabled: spec['disabled'] === true,
    labels: runtimeLabels(body.metadata.name, spec, false),
  };
}

export function serviceOf(body: ReducedObject): string {
  return body.metadata.labels?.['kubernetes.io/service-name'] ?? '';
}

const sliceSchema = z.object({
  ports: z.array(z.object({ name: z.string().optional(), port: z.number().optional() })).catch([]),
  endpoints: z
    .array(
      z.object({
        addresses: z.array(z.string()).catch([]),
        conditions: z.object({ ready: z.boolean().nullish() }).catch({}),
      }),
    )
    .catch([]),
});

/** `host:port` of every ready endpoint of the port named `grpc`. An unset `ready` means ready (EndpointSlice API). */
export function readyAddresses(body: ReducedObject): string[] {
  const slice = sliceSchema.parse({ ports: body.data?.['ports'] ?? [], endpoints: body.data?.['endpoints'] ?? [] });
  const port = slice.ports.find(({ name }) => name === 'grpc')?.port;
  if (port === undefined) return [];
  const ready = slice.endpoints.filter(({ conditions }) => conditions.ready !== false);
  return ready.flatMap(({ addresses }) => addresses.map((address) => `${address}:${port}`)).sort();
}
