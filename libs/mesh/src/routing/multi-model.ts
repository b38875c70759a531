import pLimit from 'p-limit';
import type { Answer } from '@meshkeeper/grpc';
import type { RequestId } from './request-ids.ts';

export type SeveralOptions = {
  readonly parallelism: number;
  /** Any failure is the answer; otherwise one model that answers is enough. */
  readonly requireAll: boolean;
};

/** Calls several models, a few concurrently. The answers are concatenated in the order of the ids. Throws a model's failure. */
export async function askSeveral(
  ids: readonly RequestId[],
  ask: (id: RequestId) => Promise<Answer>,
  { parallelism, requireAll }: SeveralOptions,
): Promise<Answer> {
  const failures: unknown[] = [];
  const answers = await pLimit(parallelism).map(ids, async (id) => {
    if (requireAll && failures.length > 0) return undefined;
    return ask(id).catch((error: unknown) => {
      failures.push(error);
      return undefined;
    });
  });
  const given = answers.filter((answer) => answer !== undefined);
  const [first] = given;
  if (first === undefined || (requireAll && failures.length > 0)) throw failures[0];
  return { headers: first.headers, message: Buffer.concat(given.map(({ message }) => message)) };
}
