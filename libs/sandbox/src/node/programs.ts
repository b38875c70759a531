/** A local program that runs in the place of an image, or of whatever serves the models of a Pod with a mesh. */
export type LocalProgram = {
  /** `node` stands for the Node that runs the sandbox; relative paths are below the programs' root. */
  readonly command: readonly string[];
} & (
  | {
      /** Repository of the image, with any tag, from any registry: `kserve/modelmesh` also stands for `registry/kserve/modelmesh:v1`. */
      readonly image: string;
    }
  | { readonly place: 'model-server' }
);

export const DEFAULT_PROGRAMS: readonly LocalProgram[] = [
  { image: 'kserve/modelmesh', command: ['node', 'apps/mesh/src/main.ts'] },
  { place: 'model-server', command: ['node', 'apps/scripted-runtime/src/main.ts'] },
];

/** The command for an image, undefined when no local program stands in for it. */
export function programFor(image: string, programs: readonly LocalProgram[]): readonly string[] | undefined {
  // A colon before the last slash belongs to the registry's port.
  const repository = image.replace(/@.*$/, '').replace(/:[^/:]*$/, '');
  const fits = (known: string): boolean => repository === known || repository.endsWith(`/${known}`);
  return commandOf(programs.find((program) => 'image' in program && fits(program.image)));
}

/** The command that serves models where nothing else does. */
export function modelServerProgram(programs: readonly LocalProgram[]): readonly string[] | undefined {
  return commandOf(programs.find((program) => 'place' in program));
}

function commandOf(program: LocalProgram | undefined): readonly string[] | undefined {
  return program?.command.map((word, index) => (index === 0 && word === 'node' ? process.execPath : word));
}
