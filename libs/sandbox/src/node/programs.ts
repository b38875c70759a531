/** A local program that runs in the place of an image, or of whatever serves the models of a Pod with a mesh. */
export type LocalProgram = {
  /**
   * `node` stands for the Node that runs the sandbox; relative paths are below the programs' root, and `$(NAME)` is a variable of
   * the container. The container's arguments follow.
   */
  readonly command: readonly string[];
} & (
  | {
      /** Repository of the image, with any tag, from any registry: `kserve/modelmesh` also stands for `registry/kserve/modelmesh:v1`. */
      readonly image: string;
      /** Only for containers whose command begins with this: one image may hold several programs. */
      readonly entry?: string;
    }
  | { readonly place: 'model-server' }
);

/** The image of the original's puller and adapters. */
const HELPER_IMAGE = 'kserve/modelmesh-runtime-adapter';

const ADAPTERS = ['triton', 'mlserver', 'ovms', 'torchserve'].map((type) => ({
  image: HELPER_IMAGE,
  entry: `/opt/app/${type}-adapter`,
  command: ['node', 'apps/adapter/src/main.ts', type],
}));

export const DEFAULT_PROGRAMS: readonly LocalProgram[] = [
  { image: 'kserve/modelmesh', command: ['node', 'apps/mesh/src/main.ts'] },
  { image: 'kserve/rest-proxy', command: ['node', 'apps/rest-proxy/src/main.ts'] },
  { image: HELPER_IMAGE, entry: '/opt/app/puller', command: ['node', 'apps/puller/src/main.ts'] },
  ...ADAPTERS,
  {
    image: 'meshkeeper/meshkeeper',
    entry: '/opt/app/onnx-runtime',
    command: ['node', 'apps/onnx-runtime/src/main.ts'],
  },
  { place: 'model-server', command: ['node', 'apps/scripted-runtime/src/main.ts'] },
];

/** What is asked of the programs: which one is a container's. */
export type Asked = { readonly image: string; readonly command?: readonly string[] };

/** The command for a container, undefined when no local program stands in for its image. */
export function programFor(
  { image, command: asked }: Asked,
  programs: readonly LocalProgram[],
): readonly string[] | undefined {
  // A colon before the last slash belongs to the registry's port.
  const repository = image.replace(/@.*$/, '').replace(/:[^/:]*$/, '');
  const isImage = (known: string): boolean => repository === known || repository.endsWith(`/${known}`);
  const fits = (program: LocalProgram): boolean =>
    'image' in program && isImage(program.image) && (program.entry === undefined || program.entry === asked?.[0]);
  return commandOf(programs.find(fits));
}

/** The command that serves models where nothing else does. */
export function modelServerProgram(programs: readonly LocalProgram[]): readonly string[] | undefined {
  return commandOf(programs.find((program) => 'place' in program));
}

function commandOf(program: LocalProgram | undefined): readonly string[] | undefined {
  return program?.command.map((word, index) => (index === 0 && word === 'node' ? process.execPath : word));
}
