/** A local program that runs in the place of an image. */
export type LocalProgram = {
  /** Repository of the image, with any tag, from any registry: `kserve/modelmesh` also stands for `registry/kserve/modelmesh:v1`. */
  readonly image: string;
  /** `node` stands for the Node that runs the sandbox; relative paths are below the programs' root. */
  readonly command: readonly string[];
};

export const DEFAULT_PROGRAMS: readonly LocalProgram[] = [
  { image: 'kserve/modelmesh', command: ['node', 'apps/mesh/src/main.ts'] },
];

/** The command for an image, undefined when no local program stands in for it. */
export function programFor(image: string, programs: readonly LocalProgram[]): readonly string[] | undefined {
  // A colon before the last slash belongs to the registry's port.
  const repository = image.replace(/@.*$/, '').replace(/:[^/:]*$/, '');
  const fit = programs.find((program) => repository === program.image || repository.endsWith(`/${program.image}`));
  return fit?.command.map((word, index) => (index === 0 && word === 'node' ? process.execPath : word));
}
