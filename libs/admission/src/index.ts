/** The validating webhook: admission reviews with the same validation rules as the plan, and its serving certificate. */
export { startAdmissionServer } from './admission-server.ts';
export { createRuntimesOf } from './runtimes-in-view.ts';
export { waitForPair, watchPair } from './serving-certificate.ts';
