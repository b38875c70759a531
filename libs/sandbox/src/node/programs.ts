import { join } from 'node:path';

/** A local program that runs in the place of an image, or of whatever serves the models of a Pod with a mesh. */
export type LocalProgram = {
  /**
   * `node` is the Node that runs the sandbox; relative paths with a folder are below the programs' root, and `$(NAME)` is a variable of
   * the container. The container's arguments follow.
   */
  readonly command: readonly string[];
  /** Variables for a program whose defaults are paths within its container; those that the container has itself win. */
  readonly env?: Readonly<Record<string, string>>;
} & (
  | {
      /** Repository of the image, with any tag, from any registry: `kserve/modelmesh` matches `registry/kserve/modelmesh:v1`, too. */
      readonly image: string;
      /** Only for containers whose command begins with this: one image may hold several programs. */
      readonly entry?: string;
    }
  | { readonly place: 'model-server' }
);

/** The image of the original's puller and adapters. */
const HELPER_IMAGE = 'kserve/modelmesh-runtime-adapter';

/** Of a file in a folder; a word without a slash is an argument. */
const RELATIVE_PATH = /^[\w.][\w.-]*\//;

/** As in the image: what a large model leaves behind on its way to the disk is looked for sooner. */
const LEAN = ['--max-semi-space-size=1'];

const HELPER_PATHS = {
  ROOT_MODEL_DIR: '/models',
  STORAGE_CONFIG_DIR: '/storage-config',
  PVC_MOUNTS_DIR: '/pvc_mounts',
  MODEL_CONFIG_FILE: '/models/model_config_list.json',
};

const ADAPTERS = ['triton', 'mlserver', 'ovms', 'torchserve'].map((type) => ({
  image: HELPER_IMAGE,
  entry: `/opt/app/${type}-adapter`,
  command: ['node', ...LEAN, 'apps/adapter/src/main.ts', type],
  env: HELPER_PATHS,
}));

const EXAMPLES = [
  ['direct-storage', 'direct-storage/server'],
  ['control-adapter-server', 'control-adapter/server'],
  ['control-adapter', 'control-adapter/adapter'],
  ['data-adapter-server', 'data-adapter/server'],
  ['data-adapter', 'data-adapter/adapter'],
].map(([image, file]) => ({ image: `example/${image}`, command: ['node', `examples/${file}.ts`] }));

export const DEFAULT_PROGRAMS: readonly LocalProgram[] = [
  { image: 'kserve/modelmesh', command: ['node', 'apps/mesh/src/main.ts'] },
  { image: 'kserve/rest-proxy', command: ['node', 'apps/rest-proxy/src/main.ts'] },
  { image: HELPER_IMAGE, entry: '/opt/app/puller', command: ['node', ...LEAN, 'apps/puller/src/main.ts'] },
  ...ADAPTERS,
  {
    image: 'meshkeeper/meshkeeper',
    entry: '/opt/app/onnx-runtime',
    command: ['node', 'apps/onnx-runtime/src/main.ts'],
  },
  ...EXAMPLES,
  { place: 'model-server', command: ['node', 'apps/scripted-runtime/src/main.ts'] },
];

/** What decides which program is a container's. */
export type Asked = { readonly image: string; readonly command?: readonly string[] };

/** The program of a container, undefined when none replaces its image. */
export function programFor({ image, command }: Asked, programs: readonly LocalProgram[]): LocalProgram | undefined {
  // A colon before the last slash belongs to the registry's port.
  const repository = image.replace(/@.*$/, '').replace(/:[^/:]*$/, '');
  const isImage = (known: string): boolean => repository === known || repository.endsWith(`/${known}`);
  return programs.find(
    (program) =>
      'image' in program && isImage(program.image) && (program.entry === undefined || program.entry === command?.[0]),
  );
}

/** The program that serves models where nothing else does. */
export function modelServerProgram(programs: readonly LocalProgram[]): LocalProgram | undefined {
  return programs.find((program) => 'place' in program);
}

/** Its command as this machine runs it, in any folder. */
export function commandOf({ command }: LocalProgram, root: string): readonly string[] {
  const absolute = (word: string): string => (RELATIVE_PATH.test(word) ? join(root, word) : word);
  return command.map((word, index) => (index === 0 && word === 'node' ? process.execPath : absolute(word)));
}
