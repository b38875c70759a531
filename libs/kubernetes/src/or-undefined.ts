import { CallError } from '@meshkeeper/domain';

/** What a call gives; undefined where what it names does not exist. Other failures are thrown on. */
export async function orUndefined<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof CallError && error.kind === 'Gone') return undefined;
    throw error;
  }
}
