import { join } from 'node:path';
import { DEFAULT_PROGRAMS, type LocalProgram } from '../node/programs.ts';

/**
 * What serves models in a sandbox: scripted servers that do as each model's path says, in the place of every built-in runtime;
 * or real ones, with files from the sandbox's own object store.
 */
export type Serving = { readonly kind: 'scripted' } | { readonly kind: 'real'; readonly mlserver: boolean };

export const SCRIPTED: Serving = { kind: 'scripted' };

/** An InferenceService that a first start applies. */
export type Sample = {
  readonly name: string;
  readonly manifest: string;
  /** Below the repository; a V2 request that it answers. Undefined where nothing could. */
  readonly request: string | undefined;
};

const REQUEST = join('examples', 'models', 'digits-request.json');
const SKLEARN = { name: 'example-sklearn-isvc', manifest: join('sample', 'isvc.yaml') };
const ONNX = { name: 'example-onnx-isvc', manifest: join('sample', 'digits.yaml'), request: REQUEST };

export function samplesOf(serving: Serving): readonly Sample[] {
  if (serving.kind === 'scripted') return [{ ...SKLEARN, request: undefined }];
  return serving.mlserver ? [ONNX, { ...SKLEARN, request: REQUEST }] : [ONNX];
}

/** Folder of the manifests of the runtimes; of the built-in ones a real sandbox has only those that can run here. */
export function runtimeManifests(serving: Serving): string {
  return serving.kind === 'scripted' ? 'runtimes' : 'onnx-runtime';
}

/** Program of the image of MLServer: the folder of models is the first argument, as in the image. */
export function mlserverProgram(python: string): LocalProgram {
  return { image: 'seldonio/mlserver', command: [join(python, 'bin', 'mlserver'), 'start', '$(MLSERVER_MODELS_DIR)'] };
}

export function programsOf(mlserver: string | undefined): readonly LocalProgram[] {
  return mlserver === undefined ? DEFAULT_PROGRAMS : [mlserverProgram(mlserver), ...DEFAULT_PROGRAMS];
}
