import type { KubeObject, Step } from '@meshkeeper/domain';
import { copyWithoutData } from '@meshkeeper/kubernetes';
import { parseRenderArguments, type RenderOptions } from './arguments.ts';
import { checkConfig } from './configuration.ts';
import { sortInput, type Input } from './input.ts';
import { commonNamespace, lookInFiles, offlineView } from './offline.ts';
import { planKeys } from './plan-keys.ts';
import { isAbout, reportPlan } from './plan-problems.ts';
import { createReporter, hasErrors, type Report } from './problems.ts';
import { readConfigFile, readObjects } from './read-files.ts';
import {
  isModel,
  registrationDocument,
  registrationLines,
  registrationsOf,
  type Registration,
} from './registrations.ts';
import type { Io } from './io.ts';
import { toYaml } from './yaml-text.ts';

const HELP = `Usage: meshkeeper render -f FILE... [OPTIONS]

Prints every object that Meshkeeper would make in an empty cluster with the objects of the files, and below them what
it would register in the mesh for each InferenceService and Predictor. Needs no cluster.

  -f, --file FILE          a file with Kubernetes objects (YAML or JSON, lists too), a folder, or - for standard input;
                           may be given more than once. Used are Namespaces, ServingRuntimes, ClusterServingRuntimes,
                           InferenceServices, Predictors, PersistentVolumeClaims, Secrets and ConfigMaps
      --config FILE        the configuration: the ConfigMap, or the content of its config.yaml
  -n, --namespace NS       counts as enabled, and is where objects without a namespace live
                           (default: the one that all others live in, else the controller's)
      --own-namespace NS   the controller's namespace (default: modelmesh-serving)
      --etcd-secret NAME   the Secret there that says where etcd is (default: model-serving-etcd)
      --namespace-scope    the controller serves its own namespace only
      --controller-deployment NAME  and this is its Deployment, which the inference Service goes with
      --revision N         the rendering revision of the pods (default: that of the configuration, else the newest)
      --with-scale-to-zero no pods for runtimes that no model of the files needs
      --models             only what would be registered; so it is by itself where the files hold nothing but models
  -o, --output FORMAT      yaml or json (default: yaml); json is a List of the objects on one line, then one line for
                           each model

Exit codes: 0 all is rendered, 1 something is wrong (stderr says what).
`;

/** An object to print, with words of ours above it. */
type Rendered = { readonly object: KubeObject; readonly comment: string | undefined };

/** The output: objects for the cluster, undefined when not requested, then models for the mesh. */
type Result = { readonly objects: readonly Rendered[] | undefined; readonly registrations: readonly Registration[] };

export async function render(args: readonly string[], io: Io): Promise<number> {
  const options = parseRenderArguments(args);
  if (options === 'help') {
    io.out(HELP);
    return 0;
  }
  const { report, problems } = createReporter(io);
  const result = await renderFiles(options, io, report);
  io.out(options.output === 'json' ? jsonLines(result) : yamlDocuments(result));
  return hasErrors(problems) ? 1 : 0;
}

async function renderFiles(options: RenderOptions, io: Io, report: Report): Promise<Result> {
  const { installed, namespace } = options;
  const { ownNamespace, namespaceScope } = installed;
  const given = await readObjects(options.files, io.stdin, report);
  const inside = namespace ?? (namespaceScope ? ownNamespace : commonNamespace(given, ownNamespace));
  const sorted = sortInput(given, { ownNamespace, namespace: inside }, report);
  const config = options.config === undefined ? sorted.config : readConfigFile(options.config, ownNamespace);
  const objects =
    options.models || holdsOnlyModels(sorted) ? undefined : await renderObjects(options, { ...sorted, config }, report);
  return { objects, registrations: registrationsOf(sorted.objects, report) };
}

/** Input that has only models requests only their registrations. */
function holdsOnlyModels({ objects, secrets, configMaps }: Input): boolean {
  return objects.length > 0 && objects.every(isModel) && secrets.length === 0 && configMaps.length === 0;
}

async function renderObjects(options: RenderOptions, input: Input, report: Report): Promise<readonly Rendered[]> {
  const { installed, namespace, revision } = options;
  const parsed = checkConfig(input.config, report);
  if (parsed === undefined) return [];
  const names = { ...installed, storageSecretName: parsed.storageSecretName };
  const view = offlineView(input, { ...names, namespace, allModels: options.scaleToZero });
  const planned = await planKeys({
    view,
    context: installed,
    look: lookInFiles(input, report),
    now: Date.now(),
    revision,
  });
  for (const each of planned) reportPlan(each, isAbout(each, input.objects), report);
  return planned.flatMap(({ plan }) => plan.steps).flatMap(toRendered);
}

function toRendered(step: Step): readonly Rendered[] {
  if (step.kind === 'create') {
    const comment =
      step.target.kind === 'serviceMonitors' ? 'Only where the Prometheus operator is installed.' : undefined;
    return [{ object: step.object, comment }];
  }
  if (step.kind !== 'copySecret') return [];
  const { from, target } = step;
  const comment = `Its data are copied from Secret ${from.namespace}/${from.name} of the cluster, with root_prefix extended by /mm_ns/${target.namespace}.`;
  return [{ object: copyWithoutData(target), comment }];
}

function yamlDocuments({ objects = [], registrations }: Result): string {
  const documents = objects.map(
    ({ object, comment }) => `${comment === undefined ? '' : `# ${comment}\n`}${toYaml(object)}`,
  );
  return [...documents, ...registrations.map(registrationDocument)].join('---\n');
}

/** The objects stay together, as kubectl takes them. */
function jsonLines({ objects, registrations }: Result): string {
  const list = objects && { apiVersion: 'v1', kind: 'List', items: objects.map(({ object }) => object) };
  return `${list === undefined ? '' : `${JSON.stringify(list)}\n`}${registrationLines(registrations)}`;
}
