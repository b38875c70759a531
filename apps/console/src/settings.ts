import { kubernetesSettings, processSettings, redisSettings } from '@meshkeeper/settings';
import { z } from 'zod';

export const settingsSchema = z.object({
  ...processSettings,
  ...redisSettings,
  ...kubernetesSettings,
  /** `kubernetes`: whoever asks the API sends their token, and sees what they may see with kubectl. `none`: whoever reaches it sees all. */
  CONSOLE_AUTH: z.enum(['none', 'kubernetes']).default('none'),
});

export type Settings = z.output<typeof settingsSchema>;
