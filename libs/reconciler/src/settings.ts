import { z } from 'zod';
import { dialSettings, kubernetesSettings, processSettings, redisSettings, wholeNumber } from '@meshkeeper/settings';

export const settingsSchema = z.object({
  ...processSettings,
  ...redisSettings,
  ...kubernetesSettings,
  ...dialSettings,
  /** The Deployment that the inference Service belongs to in namespace scope: it goes with it. Empty: to none. */
  CONTROLLER_DEPLOYMENT: z.string().default(''),
  /** Concurrent runs of this process. */
  CONCURRENCY: wholeNumber(50, 1, 1_000),
});
export type Settings = z.output<typeof settingsSchema>;
