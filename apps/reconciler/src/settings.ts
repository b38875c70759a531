import { z } from 'zod';
import { dialSettings, kubernetesSettings, processSettings, redisSettings, wholeNumber } from '@meshkeeper/settings';

export const settingsSchema = z.object({
  ...processSettings,
  ...redisSettings,
  ...kubernetesSettings,
  ...dialSettings,
  /** Runs at once in this process. */
  CONCURRENCY: wholeNumber(50, 1, 1_000),
});
export type Settings = z.output<typeof settingsSchema>;
