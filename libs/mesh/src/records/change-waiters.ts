import type { Changed, ClusterView } from './cluster-view.ts';

/**
 * Waits for a state of the view. A check runs immediately, then after each change of one of its records, and after any
 * change of the instances, on which every status rests.
 */
export type ChangeWaiters = {
  /** The first value of `check` that is not undefined. Rejects with the signal's reason. */
  until<T>(refs: readonly Changed[], check: () => T | undefined, signal: AbortSignal): Promise<T>;
};

export function createChangeWaiters(view: ClusterView): ChangeWaiters {
  const waiting = new Map<string, Set<() => void>>();
  view.onChange((changed) => {
    const all = changed.some(({ table }) => table === 'instances');
    const names = all ? [...waiting.keys()] : changed.map(nameOf);
    const checks = new Set(names.flatMap((name) => [...(waiting.get(name) ?? [])]));
    for (const check of checks) check();
  });
  return {
    until: (refs, check, signal) => {
      const names = refs.map(nameOf);
      return new Promise((resolve, reject) => {
        const end = () => {
          signal.removeEventListener('abort', abort);
          for (const name of names) forget(waiting, name, look);
        };
        const abort = () => {
          end();
          reject(signal.reason);
        };
        const look = () => {
          const value = check();
          if (value === undefined) return;
          end();
          resolve(value);
        };
        for (const name of names) waiting.set(name, (waiting.get(name) ?? new Set()).add(look));
        if (signal.aborted) return abort();
        signal.addEventListener('abort', abort, { once: true });
        look();
      });
    },
  };
}

function nameOf({ table, id }: Changed): string {
  return `${table}/${id}`;
}

function forget(waiting: Map<string, Set<() => void>>, name: string, look: () => void): void {
  const looks = waiting.get(name);
  looks?.delete(look);
  if (looks?.size === 0) waiting.delete(name);
}
