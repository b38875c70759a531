import { kubernetesSettings, processSettings, redisSettings } from '@meshkeeper/settings';
import { z } from 'zod';

export const settingsSchema = z.object({
  ...processSettings,
  ...redisSettings,
  ...kubernetesSettings,
  /** `kubernetes`: callers of the API send their token and see what they may see with kubectl. `none`: every client sees everything. */
  CONSOLE_AUTH: z.enum(['none', 'kubernetes']).default('none'),
});

export type Settings = z.output<typeof settingsSchema>;
