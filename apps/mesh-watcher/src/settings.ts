import { z } from 'zod';
import { kubernetesSettings, meshSettings, processSettings, redisSettings } from '@meshkeeper/settings';

export const settingsSchema = z.object({
  ...processSettings,
  ...redisSettings,
  ...kubernetesSettings,
  ...meshSettings,
});
export type Settings = z.output<typeof settingsSchema>;
