import { applyMlserver } from '../serving/mlserver-runtime.ts';
import { writeStorageSecret } from '../serving/model-store.ts';
import { runtimeManifests, samplesOf } from '../serving/serving.ts';
import {
  applyFoundation,
  applyResources,
  ensureNamespace,
  NAMESPACE,
  untilDefinitionsServed,
  writeEtcdSecret,
} from './cluster-objects.ts';
import { deployOf, isFirstStart, wantsSample, webhookManifest, type Context } from './context.ts';
import { forgetWebhooks } from './webhook.ts';

/** What any process of ours needs to find: definitions, rights, configuration, where the mesh's etcd and the models are. */
export async function prepareCluster(context: Context): Promise<void> {
  const { kubernetes, input, options } = context;
  const secret = async (): Promise<void> => {
    await ensureNamespace(kubernetes.admin, NAMESPACE);
    await writeEtcdSecret(kubernetes.admin, NAMESPACE, `http://127.0.0.1:${input.ports.meshEtcd}`);
    if (context.serving.kind === 'real') await writeStorageSecret(kubernetes.admin, NAMESPACE, input.ports.objectStore);
  };
  await Promise.all([
    secret(),
    forgetWebhooks(kubernetes.admin, webhookManifest(options)),
    applyFoundation(context.kubectl, deployOf(options), isFirstStart(context)),
  ]);
  await untilDefinitionsServed(kubernetes.admin);
}

/** Runtimes and samples, which belong to the user once they are there. */
export async function fillCluster(context: Context): Promise<void> {
  if (!isFirstStart(context)) return;
  const { options, serving, kubectl, mlserver, input } = context;
  const deploy = deployOf(options);
  if (mlserver !== undefined) await applyMlserver(kubectl, deploy, input.paths.folder);
  const samples = wantsSample(options) ? samplesOf(serving).map(({ manifest }) => manifest) : [];
  await applyResources(kubectl, deploy, [runtimeManifests(serving), ...samples]);
}
