import { parseArgs, type ParseArgsConfig } from 'node:util';
import { isRevision, type Revision, type SnapshotContext } from '@meshkeeper/domain';
import { InputError } from './input-error.ts';

/** Of the commands that plan. */
type CommonOptions = {
  /** Files, folders, `-` for standard input. */
  readonly files: readonly string[];
  readonly config: string | undefined;
  readonly namespace: string | undefined;
  /** How the controller is, or would be, installed. */
  readonly installed: Required<SnapshotContext>;
};

export type RenderOptions = CommonOptions & {
  readonly revision: Revision | undefined;
  readonly scaleToZero: boolean;
  /** Only what would be registered in the mesh. */
  readonly models: boolean;
  readonly output: 'yaml' | 'json';
};

export type PlanOptions = CommonOptions & {
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly output: 'text' | 'yaml' | 'json';
};

export type DriftOptions = {
  readonly namespace: string | undefined;
  readonly redis: string | undefined;
  readonly ownNamespace: string;
  readonly output: 'text' | 'json';
};

const COMMON = {
  file: { type: 'string', short: 'f', multiple: true, default: [] as string[] },
  config: { type: 'string' },
  namespace: { type: 'string', short: 'n' },
  'own-namespace': { type: 'string', default: 'modelmesh-serving' },
  'etcd-secret': { type: 'string', default: 'model-serving-etcd' },
  'namespace-scope': { type: 'boolean', default: false },
  'controller-deployment': { type: 'string', default: '' },
  output: { type: 'string', short: 'o' },
  help: { type: 'boolean', short: 'h', default: false },
} as const satisfies ParseArgsConfig['options'];

const RENDER = {
  ...COMMON,
  revision: { type: 'string' },
  'with-scale-to-zero': { type: 'boolean', default: false },
  models: { type: 'boolean', default: false },
} as const satisfies ParseArgsConfig['options'];

const PLAN = {
  ...COMMON,
  kubeconfig: { type: 'string' },
  context: { type: 'string' },
} as const satisfies ParseArgsConfig['options'];

const DRIFT = {
  namespace: { type: 'string', short: 'n' },
  redis: { type: 'string' },
  'own-namespace': COMMON['own-namespace'],
  output: COMMON.output,
  help: COMMON.help,
} as const satisfies ParseArgsConfig['options'];

/** @throws InputError */
export function parseRenderArguments(args: readonly string[]): RenderOptions | 'help' {
  const values = parsed('render', () => parseArgs({ args: [...args], options: RENDER }).values);
  if (values.help) return 'help';
  if (values.file.length === 0) throw new InputError('give at least one -f FILE; see meshkeeper render --help');
  const revision = values.revision === undefined ? undefined : Number(values.revision);
  if (revision !== undefined && !isRevision(revision))
    throw new InputError(`--revision ${values.revision}: there is no such rendering revision`);
  return {
    ...common(values),
    revision,
    scaleToZero: values['with-scale-to-zero'],
    models: values.models,
    output: oneOf('--output', values.output, ['yaml', 'json']),
  };
}

/** @throws InputError */
export function parsePlanArguments(args: readonly string[]): PlanOptions | 'help' {
  const values = parsed('plan', () => parseArgs({ args: [...args], options: PLAN }).values);
  if (values.help) return 'help';
  const { kubeconfig, context } = values;
  return { ...common(values), kubeconfig, context, output: oneOf('--output', values.output, ['text', 'yaml', 'json']) };
}

/** @throws InputError */
export function parseDriftArguments(args: readonly string[]): DriftOptions | 'help' {
  const values = parsed('drift', () => parseArgs({ args: [...args], options: DRIFT }).values);
  if (values.help) return 'help';
  const { namespace, redis, 'own-namespace': ownNamespace } = values;
  return { namespace, redis, ownNamespace, output: oneOf('--output', values.output, ['text', 'json']) };
}

type CommonValues = {
  readonly file: string[];
  readonly config?: string;
  readonly namespace?: string;
  readonly 'own-namespace': string;
  readonly 'etcd-secret': string;
  readonly 'namespace-scope': boolean;
  readonly 'controller-deployment': string;
};

function common(values: CommonValues): CommonOptions {
  const { file: files, config, namespace } = values;
  const installed = {
    ownNamespace: values['own-namespace'],
    etcdSecretName: values['etcd-secret'],
    namespaceScope: values['namespace-scope'],
    controllerDeployment: values['controller-deployment'],
  };
  return { files, config, namespace, installed };
}

/** Node says more than one sentence; the first is enough. */
export function parsed<Values>(command: string, parse: () => Values): Values {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const [sentence = ''] = error.message.split(/\. |\n/);
    throw new InputError(`${sentence.replace(/\.$/, '')}; see meshkeeper ${command} --help`);
  }
}

/** The first is the default. */
export function oneOf<const Word extends string>(
  option: string,
  given: string | undefined,
  words: readonly [Word, ...Word[]],
): Word {
  if (given === undefined) return words[0];
  const found = words.find((word) => word === given);
  if (found === undefined) throw new InputError(`${option} ${given}: give ${words.join(' or ')}`);
  return found;
}
