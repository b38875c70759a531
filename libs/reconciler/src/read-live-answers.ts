import { liveQuestions, withAnswers, type LiveAnswers, type Snapshot } from '@meshkeeper/domain';
import type { Ports } from './ports.ts';

/** Reads live what a plan needs and no watcher records; most plans need none of it. @throws CallError */
export async function readLiveAnswers({ live }: Ports, snapshot: Snapshot): Promise<Snapshot> {
  const questions = liveQuestions(snapshot);
  if (questions.length === 0) return snapshot;
  const answers = await Promise.all(
    questions.map(async ({ ask, namespace, name }): Promise<LiveAnswers> => {
      if (ask === 'hasConfigMap') return { productConfig: await live.hasConfigMap(namespace, name) };
      if (ask === 'deploymentUid') return { controllerUid: await live.deploymentUid(namespace, name) };
      return { tlsSecret: (await live.secretKeys(namespace, name)) ?? 'missing' };
    }),
  );
  return withAnswers(snapshot, Object.assign({}, ...answers) as LiveAnswers);
}
