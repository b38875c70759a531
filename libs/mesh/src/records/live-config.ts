import type { Logger } from '@meshkeeper/process';
import type { ClusterView } from './cluster-view.ts';

/** What an operator may change of a running mesh, by the keys `…/config/<name>` in etcd; without a key the environment counts. */
export type LiveConfig = {
  scaleUpRpm(): number;
  logsEachCall(): boolean;
  stop(): Promise<void>;
};

const LEVELS: readonly string[] = ['trace', 'debug', 'info', 'warn', 'error', 'silent'];
/** As in the original. */
const LEAST_SCALE_UP_RPM = 10;

export function followLiveConfig(
  view: ClusterView,
  settings: { readonly scaleUpRpm: number; readonly logEachCall: boolean; readonly logLevel: string },
  logger: Logger,
): LiveConfig {
  const given = (name: string): string | undefined => {
    const stored = view.tables.config.get(name);
    return stored?.kind === 'record' ? stored.record.trim() : undefined;
  };
  const level = (): void => {
    const wanted = given('logger_level')?.toLowerCase() ?? settings.logLevel;
    if (LEVELS.includes(wanted)) logger.level = wanted;
    else logger.warn({ wanted }, 'config/logger_level is none of the levels, and is read over');
  };
  const unsubscribe = view.onChange((changed) => {
    if (changed.some(({ table, id }) => table === 'config' && id === 'logger_level')) level();
  });
  level();
  return {
    scaleUpRpm: () => {
      const wanted = Number(given('scaleup_rpm_threshold') ?? settings.scaleUpRpm);
      return Number.isInteger(wanted) ? Math.max(LEAST_SCALE_UP_RPM, wanted) : settings.scaleUpRpm;
    },
    logsEachCall: () => {
      const wanted = given('log_each_invocation');
      return wanted === undefined ? settings.logEachCall : wanted === 'true';
    },
    stop: async () => {
      unsubscribe();
    },
  };
}
