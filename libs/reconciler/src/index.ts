/**
 * Steps 3 to 6 of a change: one run of one key, through the ports that `domain` declares. `handle-job.ts` is the story in numbered steps.
 */
export { startDriftWatch } from './drift-watch.ts';
export { createHandleJob } from './handle-job.ts';
export { createWorkerObserver } from './worker-observer.ts';
export { connect } from './connect.ts';
export { settingsSchema } from './settings.ts';
