import { freePort } from '../free-port.ts';
import type { SupervisedProcess } from '../supervised.ts';
import { ETCD_SECRET, NAMESPACE } from './cluster-objects.ts';
import { baseEnv, webhookManifest, type Context } from './context.ts';
import { ownProcesses, startOwnProcess, type OwnProcess } from './own-processes.ts';
import { accountKubeconfig } from './service-account.ts';
import { createServingAuthority, registerWebhooks } from './webhook.ts';

/** Our own processes, each under an account with no more rights than in production. */
export async function startOwn(context: Context): Promise<readonly SupervisedProcess[]> {
  const { options, input, kubernetes } = context;
  if (options.processes === false) return [];
  const { paths, parts, ports, log } = input;
  const env = {
    ...baseEnv(options),
    NAMESPACE,
    ETCD_SECRET_NAME: ETCD_SECRET,
    REDIS_URL: `redis://127.0.0.1:${ports.redis}`,
    DIAL_LOOPBACK_ALIAS: 'true',
  };
  const account = (app: string): Promise<string> =>
    accountKubeconfig({
      client: kubernetes.admin,
      url: kubernetes.url,
      caFile: kubernetes.files.caFile,
      namespace: NAMESPACE,
      account: app,
      folder: paths.accounts,
    });
  const folders = { root: options.root, logFolder: paths.logs, recordFolder: paths.records };
  const startOne: StartOne = (own, more) =>
    input.step(own.name, async () => {
      const kubeconfig = await account(own.app);
      return parts.keep('our processes', () =>
        startOwnProcess({ own, ...folders, env: { ...env, ...more, KUBECONFIG: kubeconfig }, log }),
      );
    });
  return Promise.all([
    ...ownProcesses(options.replicas ?? 1, ports.console).map((own) => startOne(own)),
    startWebhook(context, startOne),
  ]);
}

type StartOne = (own: OwnProcess, env?: Readonly<Record<string, string>>) => Promise<SupervisedProcess>;

/** The webhook is registered when it serves, and not before: until then no object is held up. */
async function startWebhook({ options, input, kubernetes }: Context, startOne: StartOne): Promise<SupervisedProcess> {
  const authority = createServingAuthority();
  const { webhook: folder } = input.paths;
  authority.writePair(folder);
  const port = await freePort();
  const env = { WEBHOOK_HOST: '127.0.0.1', WEBHOOK_PORT: String(port), WEBHOOK_CERT_DIR: folder };
  const webhook = await startOne({ name: 'webhook', app: 'webhook', otherPorts: [port] }, env);
  const local = { url: `https://127.0.0.1:${port}`, authority: authority.certificate };
  await registerWebhooks(kubernetes.admin, webhookManifest(options), local);
  return webhook;
}
