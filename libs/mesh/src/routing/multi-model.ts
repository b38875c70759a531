import type { Answer } from '@meshkeeper/grpc';
import type { RequestId } from './request-ids.ts';

export type SeveralOptions = {
  readonly parallelism: number;
  /** Any failure is the answer; otherwise one model that answers is enough. */
  readonly requireAll: boolean;
};

/** Asks several models, a few at once. The answers stand one behind the other, in the order of the ids. Throws what a model answered. */
export async function askSeveral(
  ids: readonly RequestId[],
  ask: (id: RequestId) => Promise<Answer>,
  { parallelism, requireAll }: SeveralOptions,
): Promise<Answer> {
  const answers: (Answer | undefined)[] = ids.map(() => undefined);
  const queue = [...ids.entries()];
  const failures: unknown[] = [];
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      try {
        answers[next[0]] = await ask(next[1]);
      } catch (error) {
        failures.push(error);
        if (requireAll) queue.length = 0;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallelism, ids.length) }, work));
  const given = answers.filter((answer) => answer !== undefined);
  const [first] = given;
  if (first === undefined || (requireAll && failures.length > 0)) throw failures[0];
  return { headers: first.headers, message: Buffer.concat(given.map(({ message }) => message)) };
}
