import {
  FIELD_MANAGER,
  firstDifference,
  KINDS,
  type JsonObject,
  type KubeObject,
  type KubeReader,
  type ObjectRef,
  type Reason,
  type Step,
  type Json,
} from '@meshkeeper/domain';
import { managedFieldsOf, previewCopy } from '@meshkeeper/kubernetes';
import type { Planned } from './plan-keys.ts';
import { unifiedDiff } from './unified-diff.ts';
import { toYaml } from './yaml-text.ts';

/** What becomes of pods that run now, and of the models in them. */
export type PodsEffect = {
  readonly does: 'rolls' | 'removes';
  readonly pods: number;
  readonly models: number;
  /** Why pods roll: the first field of their template that is another one. */
  readonly field: string | undefined;
};

/** One write, for people. */
export type ObjectChange = {
  readonly action: 'create' | 'change' | 'delete';
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly reason: Reason;
  readonly pods: PodsEffect | undefined;
  readonly notes: readonly string[];
  /** Of the YAML that we set; empty where nothing is to be seen. */
  readonly diff: string;
};

export type ChangeTools = {
  readonly reader: KubeReader;
  /** Pods that a Deployment has now, and models that are loaded in them. */
  readonly running: (planned: Planned, deployment: string) => { readonly pods: number; readonly models: number };
};

/** What a step of a plan would do to an object; undefined for nothing. Looks at the live object. @throws CallError */
export async function toObjectChange(
  step: Step,
  planned: Planned,
  tools: ChangeTools,
): Promise<ObjectChange | undefined> {
  switch (step.kind) {
    case 'create':
      return { ...changeOf('create', step), diff: unifiedDiff('', shownText(step.object)) };
    case 'apply':
      return applyChange(step, planned, tools);
    case 'delete':
      return { ...changeOf('delete', step), pods: podsEffect('removes', step.target, undefined, planned, tools) };
    case 'copySecret': {
      const action = await previewCopy(tools.reader, step.from, step.target);
      const from = `${step.from.namespace}/${step.from.name}`;
      const note = `its data, which are not shown, are copied from Secret ${from} with another root_prefix`;
      return action && { ...changeOf(action, step), notes: [note] };
    }
    case 'requireUnwanted':
    case 'setVModel':
    case 'deleteVModel':
    case 'getVModelStatus':
      return undefined;
  }
}

async function applyChange(
  step: Extract<Step, { readonly kind: 'apply' }>,
  planned: Planned,
  tools: ChangeTools,
): Promise<ObjectChange> {
  const { target, object: wanted, seen } = step;
  const adopted = seen.adopt?.manager;
  const live = await tools.reader.read(target);
  const shown = live && managedFieldsOf(wanted, live, adopted);
  const field = target.kind === 'deployments' && shown ? templateDifference(wanted, shown) : undefined;
  // Those of our own creation are ours already.
  const notes =
    adopted === undefined || adopted === FIELD_MANAGER ? [] : [`takes over the fields of manager "${adopted}"`];
  return {
    ...changeOf('change', step),
    pods: field === undefined ? undefined : podsEffect('rolls', target, field, planned, tools),
    notes,
    diff: unifiedDiff(shown === undefined ? '' : shownText(shown), shownText(wanted)),
  };
}

type Write = { readonly target: ObjectRef; readonly reason: Reason };

function changeOf(action: ObjectChange['action'], { target, reason }: Write): ObjectChange {
  const { kind, namespace, name } = target;
  return { action, kind: KINDS[kind].kind, namespace, name, reason, pods: undefined, notes: [], diff: '' };
}

/** What is wanted no more differs too, so both directions count. */
function templateDifference(wanted: KubeObject, shown: KubeObject): string | undefined {
  const [after, before] = [wanted, shown].map((object) => (object['spec'] as JsonObject | undefined)?.['template']);
  const at = 'spec.template';
  return firstDifference(after, before, at) ?? firstDifference(before, after, at);
}

function podsEffect(
  does: PodsEffect['does'],
  target: ObjectRef,
  field: string | undefined,
  planned: Planned,
  { running }: ChangeTools,
): PodsEffect | undefined {
  if (target.kind !== 'deployments') return undefined;
  const { pods, models } = running(planned, target.name);
  return pods === 0 ? undefined : { does, pods, models, field };
}

/** An object as people read it: what a ConfigMap holds encoded is decoded, and JSON in it is laid out. */
function shownText(object: KubeObject): string {
  const { binaryData, ...rest } = object;
  if (binaryData === undefined) return toYaml(rest);
  const encoded = Object.entries(binaryData as Readonly<Record<string, string>>);
  const texts = encoded.map(([name, text]) => [name, decodedJson(text)]);
  return toYaml({ ...rest, binaryData: Object.fromEntries(texts) });
}

function decodedJson(encoded: string): Json {
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}
