/**
 * The programs that implement `mmesh.ModelRuntime` beside a model server: the adapter with one driver per server (Triton, MLServer, OVMS,
 * TorchServe), the puller, and the scripted runtime that tests and the sandbox use in place of a server.
 */
export { serverTypeOf } from './adapter/server-type.ts';
export { readAdapterSettings } from './adapter/settings.ts';
export { startAdapter } from './adapter/start-adapter.ts';
export { readPullerSettings } from './puller/settings.ts';
export { startPuller } from './puller/start-puller.ts';
export { readScriptedSettings } from './scripted/settings.ts';
export { startScripted } from './scripted/start-scripted.ts';
