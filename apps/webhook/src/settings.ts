import { processSettings, redisSettings, wholeNumber } from '@meshkeeper/settings';
import { z } from 'zod';

export const settingsSchema = z.object({
  ...processSettings,
  ...redisSettings,
  /** Where the API server calls; health and metrics have a port of their own. */
  WEBHOOK_HOST: z.string().default('0.0.0.0'),
  WEBHOOK_PORT: wholeNumber(9443, 0, 65_535),
  /** Holds `tls.crt` and `tls.key`; they are read again whenever they change. */
  WEBHOOK_CERT_DIR: z.string().default('/tmp/k8s-webhook-server/serving-certs'),
});
