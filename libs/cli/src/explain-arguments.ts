import { parseArgs, type ParseArgsConfig } from 'node:util';
import { EXPLAINED, type ExplainedKind, type SnapshotContext } from '@meshkeeper/domain';
import { oneOf, parsed } from './arguments.ts';
import { InputError } from './input-error.ts';

export type ExplainOptions = {
  readonly kind: ExplainedKind;
  readonly name: string;
  readonly namespace: string | undefined;
  readonly watch: boolean;
  readonly output: 'text' | 'json';
  readonly from: Source;
  readonly kubeconfig: { readonly file: string | undefined; readonly context: string | undefined };
};

/** Where the answer comes from. */
export type Source =
  | { readonly kind: 'console'; readonly url: string; readonly token: string | undefined }
  | { readonly kind: 'redis'; readonly url: string; readonly installed: SnapshotContext };

const OPTIONS = {
  namespace: { type: 'string', short: 'n' },
  output: { type: 'string', short: 'o' },
  watch: { type: 'boolean', short: 'w', default: false },
  console: { type: 'string' },
  token: { type: 'string' },
  redis: { type: 'string' },
  'own-namespace': { type: 'string', default: 'modelmesh-serving' },
  'etcd-secret': { type: 'string', default: 'model-serving-etcd' },
  'namespace-scope': { type: 'boolean', default: false },
  kubeconfig: { type: 'string' },
  context: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const satisfies ParseArgsConfig['options'];

type Env = Readonly<Record<string, string | undefined>>;

/** `sandboxConsole` is the console unless an option or the environment names another. @throws InputError */
export function parseExplainArguments(
  args: readonly string[],
  env: Env,
  sandboxConsole: string,
): ExplainOptions | 'help' {
  const { values, positionals } = parsed('explain', () =>
    parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true }),
  );
  if (values.help) return 'help';
  if (values.console !== undefined && values.redis !== undefined)
    throw new InputError('give --console or --redis, not both');
  const { kubeconfig: file, context, namespace, watch } = values;
  return {
    ...subject(positionals),
    namespace,
    watch,
    output: oneOf('--output', values.output, ['text', 'json']),
    kubeconfig: { file, context },
    from: sourceOf(values, env['MESHKEEPER_CONSOLE'] || sandboxConsole, env['MESHKEEPER_TOKEN']),
  };
}

type Values = {
  readonly console?: string;
  readonly token?: string;
  readonly redis?: string;
  readonly 'own-namespace': string;
  readonly 'etcd-secret': string;
  readonly 'namespace-scope': boolean;
};

function sourceOf(values: Values, defaultConsole: string, defaultToken: string | undefined): Source {
  if (values.redis !== undefined) {
    const installed = {
      ownNamespace: values['own-namespace'],
      etcdSecretName: values['etcd-secret'],
      namespaceScope: values['namespace-scope'],
    };
    return { kind: 'redis', url: values.redis, installed };
  }
  const url = values.console ?? defaultConsole;
  if (!/^https?:\/\//.test(url) || !URL.canParse(url))
    throw new InputError(`--console ${url}: give an http(s) address`);
  return { kind: 'console', url: url.replace(/\/+$/, ''), token: values.token ?? defaultToken };
}

/** `isvc NAME`, or `isvc/NAME`. */
function subject(positionals: readonly string[]): Pick<ExplainOptions, 'kind' | 'name'> {
  const [word = '', name, ...rest] = positionals.flatMap((text) => text.split('/'));
  const kind = EXPLAINED.find((each) => ALIASES[each].includes(word.toLowerCase()));
  if (kind === undefined || name === undefined || name === '' || rest.length > 0)
    throw new InputError(
      'give what to explain: isvc NAME, predictor NAME or runtime NAME; see meshkeeper explain --help',
    );
  return { kind, name };
}

const ALIASES: Readonly<Record<ExplainedKind, readonly string[]>> = {
  isvc: ['isvc', 'inferenceservice', 'inferenceservices'],
  predictor: ['predictor', 'predictors', 'ksp'],
  runtime: ['runtime', 'servingruntime', 'servingruntimes', 'clusterservingruntime', 'clusterservingruntimes'],
};
