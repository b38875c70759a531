import { predict, type Prediction } from '../serving/prediction.ts';
import { samplesOf } from '../serving/serving.ts';
import { waitFor } from '../wait-for.ts';
import { NAMESPACE, samplesState, type SampleState } from './cluster-objects.ts';
import { wantsSample, type Context } from './context.ts';

/** A real server's first load may fail where it is still starting; it is then tried again after a minute. */
const LIMIT_MS = { scripted: 60_000, real: 150_000 };

/** How the samples stand when they are ready, or when waiting for them is over. */
export async function untilSamplesReady(context: Context): Promise<SampleState> {
  const { options, kubernetes, input } = context;
  if (!wantsSample(options)) return { kind: 'absent' };
  const names = samplesOf(context.serving).map(({ name }) => name);
  let state: SampleState = { kind: 'absent' };
  const settled = async (moving: (text: string) => void): Promise<boolean> => {
    state = await samplesState(kubernetes.admin, NAMESPACE, names);
    if (state.kind === 'waiting') moving(`waits for ${state.waitsFor}`);
    return state.kind !== 'waiting';
  };
  await input.step('Sample InferenceService', async (moving) => {
    // Not ready in time is no reason to take the cluster away: it is there to be looked at.
    await waitFor(() => settled(moving), {
      timeoutMs: LIMIT_MS[context.serving.kind],
      what: 'the sample',
      intervalMs: 200,
    }).catch(() => undefined);
  });
  return state;
}

/** What each sample answers to its request. @throws Error when one does not */
export async function askSamples({ serving, kubernetes, options, input }: Context): Promise<readonly Prediction[]> {
  const samples = samplesOf(serving).filter(({ request }) => request !== undefined);
  if (samples.length === 0) return [];
  const ask = () => Promise.all(samples.map((sample) => predict(kubernetes.admin, NAMESPACE, options.root, sample)));
  const answers = await input.step('A prediction', ask);
  return answers.filter((answer) => answer !== undefined);
}
