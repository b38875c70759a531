import assert from 'node:assert/strict';
import { waitFor } from '../../src/index.ts';
import { kubectlOf, type Cluster } from './model-objects.ts';

export function predictor(name: string, type: string, path = 'SIZE_1000_200_0', more: object = {}): object {
  const storage = { key: 'k', path };
  return {
    apiVersion: 'serving.kserve.io/v1alpha1',
    kind: 'Predictor',
    metadata: { name, namespace: 'modelmesh-serving' },
    spec: { modelType: { name: type }, storage, ...more },
  };
}

export type PredictorStatus = {
  readonly available: boolean;
  readonly activeModelState: string;
  readonly targetModelState: string;
  readonly transitionStatus: string;
  readonly lastFailureInfo?: {
    readonly reason: string;
    readonly message?: string;
    readonly location?: string;
    readonly time?: string;
  };
};

/** `available active/target transition reason`, the words of a status that a user looks at. */
export function predictorWords(status: PredictorStatus): string {
  const { available, activeModelState, targetModelState, transitionStatus, lastFailureInfo } = status;
  return [available, `${activeModelState}/${targetModelState}`, transitionStatus, lastFailureInfo?.reason ?? '-'].join(
    ' ',
  );
}

export const LOADED = 'true Loaded/ UpToDate -';

/** @throws AssertionError with the states that were seen and are not allowed */
export function assertStates(seen: readonly string[], ...allowed: readonly string[]): void {
  assert.deepEqual(
    seen.filter((state) => !allowed.includes(state)),
    [],
  );
}

/** The Predictors of a cluster. */
export function predictorsOf(current: () => Cluster) {
  const { get } = kubectlOf(current);
  const statusOf = async (name: string): Promise<PredictorStatus> =>
    (await get<{ readonly status: PredictorStatus }>('predictor', name)).status;
  /** Polls until the status has these words, and returns every other that was seen on the way. */
  const until = async (name: string, wanted: string, timeoutMs = 40_000): Promise<readonly string[]> => {
    const seen: string[] = [];
    const isReached = async (): Promise<boolean> => {
      const now = predictorWords(await statusOf(name));
      if (seen.at(-1) !== now) seen.push(now);
      return now === wanted;
    };
    await waitFor(isReached, { timeoutMs, what: `${name} to show "${wanted}"`, intervalMs: 30 }).catch(
      (error: unknown) => {
        throw new Error(`${String(error)}; seen: ${seen.join(', ')}`, { cause: error });
      },
    );
    return seen.slice(0, -1);
  };
  return { statusOf, until };
}
