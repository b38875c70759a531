import {
  CallError,
  CONFIG_MAP_NAME,
  KINDS,
  MemoryView,
  toChange,
  watchedKinds,
  type KubeObject,
  type KubeReader,
  type LiveAnswers,
  type LiveQuestion,
  type SnapshotContext,
  type Step,
} from '@meshkeeper/domain';
import { decoded } from '@meshkeeper/kubernetes';
import { listCluster, type Cluster, type Listed } from './cluster.ts';
import { checkConfig } from './configuration.ts';
import { isNamed, watchedSecrets, type Given, type Input } from './input.ts';
import { applyOnto } from './apply-onto.ts';
import { toObjectChange, type ChangeTools, type ObjectChange } from './object-changes.ts';
import { planKeys, type Planned } from './plan-keys.ts';
import { isAbout, reportPlan } from './plan-problems.ts';
import type { Report } from './problems.ts';
import { createRunning } from './running-models.ts';

export type PreviewOptions = SnapshotContext & { readonly now: number };

/** Every write that Meshkeeper would make in a cluster with the input applied to it. @throws CallError */
export async function previewChanges(
  cluster: Cluster,
  input: Input,
  { now, ...context }: PreviewOptions,
  report: Report,
): Promise<readonly ObjectChange[]> {
  const { reader } = cluster;
  const config = await configAfter(reader, input, context.ownNamespace);
  const parsed = checkConfig(config, report);
  if (parsed === undefined) return [];
  const names = { ...context, storageSecretName: parsed.storageSecretName };
  const listed = await listCluster(
    cluster,
    { ...names, storageSecretName: async () => names.storageSecretName },
    report,
  );
  const given: readonly Given[] = [
    ...(await Promise.all(input.objects.map((each) => applyOntoLive(reader, each)))),
    ...watchedSecrets(input.secrets, names),
    ...(config === undefined ? [] : [{ kind: 'config', object: config } as const]),
  ];
  const view = viewOf(listed, given, context);
  const planned = await planKeys({ view, context, look: createLook(cluster, input), now });
  for (const each of planned) {
    reportPlan(each, isAbout(each, given), report);
    noteGrace(each, report);
  }
  const tools = {
    reader: withSecrets(reader, input),
    running: createRunning(listed, viewOf(listed, [], context), context),
  };
  return changesOf(planned, tools, report);
}

async function changesOf(
  planned: readonly Planned[],
  tools: ChangeTools,
  report: Report,
): Promise<readonly ObjectChange[]> {
  const steps = planned.flatMap((each) => each.plan.steps.map((step) => ({ step, each })));
  const changes = await Promise.all(
    steps.map(({ step, each }) =>
      toObjectChange(step, each, tools).catch((error: unknown) => reportCopy(step, error, report)),
    ),
  );
  return changes.filter((change) => change !== undefined);
}

/** Who may not read Secrets can still see the rest. */
function reportCopy(step: Step, error: unknown, report: Report): undefined {
  if (step.kind !== 'copySecret' || !(error instanceof CallError)) throw error;
  const { namespace, name } = step.target;
  report('warning', `Secret ${namespace}/${name}: whether its copy would change is not known: ${error.message}`);
}

/** What is live, and over it what is given, as far as the controller sees it. */
function viewOf(listed: Listed, given: readonly Given[], context: SnapshotContext): MemoryView {
  const view = new MemoryView();
  for (const [kind, changes] of listed) {
    view.record(KINDS[kind].source, changes);
    view.complete(KINDS[kind].source);
  }
  const watched = watchedKinds(context.namespaceScope === true);
  for (const { kind, object } of given.filter((each) => watched.includes(each.kind)))
    view.record(KINDS[kind].source, [toChange(kind, decoded(kind, object), context)]);
  return view;
}

async function applyOntoLive(reader: KubeReader, { kind, object }: Given): Promise<Given> {
  const { namespace = '', name } = object.metadata;
  const live = await reader.read({ kind, namespace, name });
  return { kind, object: live === undefined ? object : applyOnto(object, live) };
}

async function configAfter(reader: KubeReader, { config }: Input, namespace: string): Promise<KubeObject | undefined> {
  if (config !== undefined) return (await applyOntoLive(reader, { kind: 'config', object: config })).object;
  return reader.read({ kind: 'config', namespace, name: CONFIG_MAP_NAME });
}

/** Reads like the reconciler, preferring the files' objects to the live ones. Many runtimes need the same Secret. */
function createLook({ live }: Cluster, input: Input): (question: LiveQuestion) => Promise<LiveAnswers> {
  const answers = new Map<string, Promise<LiveAnswers>>();
  const look = async ({ ask, namespace, name }: LiveQuestion): Promise<LiveAnswers> => {
    const isAsked = isNamed(namespace, name);
    if (ask === 'hasConfigMap')
      return { productConfig: input.configMaps.some(isAsked) || (await live.hasConfigMap(namespace, name)) };
    if (ask === 'deploymentUid') return { controllerUid: await live.deploymentUid(namespace, name) };
    const secret = input.secrets.findLast(isAsked);
    if (secret !== undefined) return { tlsSecret: Object.keys(secret['data'] as object) };
    return { tlsSecret: (await live.secretKeys(namespace, name)) ?? 'missing' };
  };
  return (question) => {
    const id = JSON.stringify(question);
    const answer = answers.get(id) ?? look(question);
    answers.set(id, answer);
    return answer;
  };
}

/** The Secret that copies are made of may be one of the files'. */
function withSecrets(reader: KubeReader, { secrets }: Input): KubeReader {
  return {
    async read(ref) {
      const secret = ref.kind === 'etcdSecrets' ? secrets.findLast(isNamed(ref.namespace, ref.name)) : undefined;
      return secret ?? reader.read(ref);
    },
  };
}

/** A preview restarts the grace period of a runtime without models, as a restarted reconciler does. */
function noteGrace({ key, plan }: Planned, report: Report): void {
  if (plan.memory.emptySince === undefined || plan.lookAgainMs === undefined || key.kind !== 'runtime') return;
  const seconds = Math.ceil(plan.lookAgainMs / 1_000);
  report('note', `no model of ${key.namespace} needs runtime ${key.name}: its pods go within ${seconds} s`);
}
