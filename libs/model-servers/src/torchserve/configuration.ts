import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const CONFIGURATION = 'mmconfig.properties';

/** Writes what TorchServe waits for before it starts. Appears whole or not at all. */
export function writeConfiguration(folder: string): void {
  const properties = {
    enable_envvars_config: true,
    model_store: folder,
    metric_time_interval: 10,
    inference_address: 'http://127.0.0.1:8083',
    number_of_netty_threads: 8,
    job_queue_size: 512,
  };
  const text = Object.entries(properties).map(([name, value]) => `${name}=${value}\n`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${CONFIGURATION}.new`), text.join(''));
  renameSync(join(folder, `${CONFIGURATION}.new`), join(folder, CONFIGURATION));
}
