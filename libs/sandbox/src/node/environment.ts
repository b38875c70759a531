import { parseQuantity } from '@meshkeeper/domain';
import type { Container, EnvVar, KeyRef, Pod } from '../kube/objects.ts';
import { expandVariables } from './rewrite.ts';

/** What a Pod's own fields say once it runs here. */
export type Placement = { readonly podIP: string; readonly hostIP: string; readonly nodeName: string };

/** The content of a Secret or ConfigMap, undefined when there is none. */
export type KeyValues = Readonly<Record<string, string>> | undefined;
export type LookUp = (kind: 'secrets' | 'configmaps', name: string) => Promise<KeyValues>;

/** Resources that a container without limits may use: all that the node says it has. */
export type Capacity = Readonly<Record<string, string>>;

export type EnvironmentInput = {
  readonly pod: Pod;
  readonly container: Container;
  readonly placement: Placement;
  readonly capacity: Capacity;
  readonly lookUp: LookUp;
};

/**
 * The environment of a container, as its spec says; later entries see earlier ones as `$(NAME)`.
 * @throws Error naming the variable when its Secret, ConfigMap or key is missing and not optional.
 */
export async function resolveEnvironment(input: EnvironmentInput): Promise<Readonly<Record<string, string>>> {
  const variables: Record<string, string> = {};
  for (const entry of input.container.env ?? []) {
    const value = await resolveEntry(entry, input, variables);
    if (value !== undefined) variables[entry.name] = value;
  }
  return variables;
}

async function resolveEntry(
  entry: EnvVar,
  input: EnvironmentInput,
  earlier: Readonly<Record<string, string>>,
): Promise<string | undefined> {
  const from = entry.valueFrom;
  if (from === undefined) return expandVariables(entry.value ?? '', earlier);
  if (from.fieldRef !== undefined) return podField(input.pod, input.placement, from.fieldRef.fieldPath);
  if (from.resourceFieldRef !== undefined) return resourceField(input, from.resourceFieldRef);
  if (from.secretKeyRef !== undefined)
    return keyOf(entry.name, from.secretKeyRef, await input.lookUp('secrets', from.secretKeyRef.name ?? ''));
  if (from.configMapKeyRef !== undefined) {
    return keyOf(entry.name, from.configMapKeyRef, await input.lookUp('configmaps', from.configMapKeyRef.name ?? ''));
  }
  return undefined;
}

function keyOf(variable: string, ref: KeyRef, values: KeyValues): string | undefined {
  const value = values?.[ref.key];
  if (value === undefined && ref.optional !== true)
    throw new Error(`${variable} needs key ${ref.key} of ${ref.name}, which is not there`);
  return value;
}

/** @throws Error for a path that Kubernetes would refuse too. */
export function podField(pod: Pod, placement: Placement, path: string): string {
  const { metadata } = pod;
  const keyed = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path);
  if (keyed !== null) return metadata[keyed[1] as 'labels' | 'annotations']?.[keyed[2] ?? ''] ?? '';
  const fields: Readonly<Record<string, string>> = {
    'metadata.name': metadata.name,
    'metadata.namespace': metadata.namespace,
    'metadata.uid': metadata.uid,
    'spec.nodeName': placement.nodeName,
    'spec.serviceAccountName': pod.spec.serviceAccountName ?? 'default',
    'status.podIP': placement.podIP,
    'status.podIPs': placement.podIP,
    'status.hostIP': placement.hostIP,
    'status.hostIPs': placement.hostIP,
  };
  const value = fields[path];
  if (value === undefined) throw new Error(`${path} is no field that the environment may refer to`);
  return value;
}

type ResourceRef = NonNullable<NonNullable<EnvVar['valueFrom']>['resourceFieldRef']>;

/** `limits.memory` of this or another container as a whole number of divisors. */
function resourceField(input: EnvironmentInput, ref: ResourceRef): string {
  const { containerName } = ref;
  const container =
    containerName === undefined
      ? input.container
      : input.pod.spec.containers.find((each) => each.name === containerName);
  const [kind = '', name = ''] = ref.resource.split('.', 2);
  const own = kind === 'limits' ? container?.resources?.limits : container?.resources?.requests;
  const fallback = kind === 'limits' ? input.capacity[name] : '0';
  return inUnitsOf(own?.[name] ?? fallback ?? '0', ref.divisor);
}

const NANOS = 10n ** 9n;

/**
 * A quantity in units of a divisor, rounded up, as Kubernetes puts it into the environment. A divisor of 0 means 1.
 * @throws Error for text that is no quantity.
 */
export function inUnitsOf(quantity: string, divisor = '1'): string {
  const [amount, given] = [nanosOf(quantity), nanosOf(divisor)];
  const unit = given === 0n ? NANOS : given;
  return String((amount + unit - 1n) / unit);
}

function nanosOf(text: string): bigint {
  const quantity = parseQuantity(text);
  if (quantity === undefined) throw new Error(`${text} is no quantity`);
  return quantity.nanos;
}
