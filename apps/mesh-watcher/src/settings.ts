import { z } from 'zod';
import { kubernetesSettings, processSettings, redisSettings } from '@meshkeeper/settings';

export const settingsSchema = z.object({ ...processSettings, ...redisSettings, ...kubernetesSettings });
export type Settings = z.output<typeof settingsSchema>;
