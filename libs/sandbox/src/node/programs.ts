/** A local program that runs in the place of an image. */
export type LocalProgram = {
  /** Matches images that begin with it: `kserve/modelmesh:` does not match `kserve/modelmesh-runtime-adapter`. */
  readonly imagePrefix: string;
  /** `node` stands for the Node that runs the sandbox; relative paths are below the programs' root. */
  readonly command: readonly string[];
};

export const DEFAULT_PROGRAMS: readonly LocalProgram[] = [
  { imagePrefix: 'kserve/modelmesh:', command: ['node', 'apps/mesh/src/main.ts'] },
];

/** The command for an image, undefined when no local program stands in for it: the longest prefix wins. */
export function programFor(image: string, programs: readonly LocalProgram[]): readonly string[] | undefined {
  const named = /:[^/]*$/.test(image) || image.includes('@') ? image : `${image}:latest`;
  const fit = programs.filter((program) => named.startsWith(program.imagePrefix));
  fit.sort((left, right) => right.imagePrefix.length - left.imagePrefix.length);
  return fit[0]?.command.map((word, index) => (index === 0 && word === 'node' ? process.execPath : word));
}
