import { controlPlaneBinaries, ensureMlserver, ensureObjectStores, ensureRedis } from '@meshkeeper/sandbox';

/** Installs and builds the real servers that tests start. Jest calls it before a project that names it, if that has a file to run. */
export default async function prepareServers(): Promise<void> {
  await Promise.all([ensureRedis(), controlPlaneBinaries(), ensureObjectStores(), ensureMlserver()]);
}
