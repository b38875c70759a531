import { z } from 'zod';
import { processSettings, redisSettings } from '@meshkeeper/settings';

export const settingsSchema = z.object({ ...processSettings, ...redisSettings });
