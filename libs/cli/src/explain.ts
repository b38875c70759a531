import { setTimeout as delay } from 'node:timers/promises';
import { contextNamespace } from '@meshkeeper/kubernetes';
import { parseExplainArguments, type ExplainOptions } from './explain-arguments.ts';
import { readExplanation, type Explained } from './explain-source.ts';
import { explanationText } from './explain-text.ts';
import type { Io } from './io.ts';
import { sandboxAddresses } from './sandbox-addresses.ts';

const HELP = `Usage: meshkeeper explain isvc|predictor|runtime NAME [OPTIONS]

Says why a model is not ready, or why a runtime has no pods: what has to be so, in order; where copies are; when it is tried
again; which change caused which writes, newest first; and what to do next. Only looks.

  -n, --namespace NS       default: that of the kubeconfig's context
  -o, --output FORMAT      text or json (default: text)
  -w, --watch              keeps running, and prints again on each change
      --console URL        where the console is (default: MESHKEEPER_CONSOLE of the environment, else that of the sandbox)
      --token TOKEN        the bearer token for it (default: MESHKEEPER_TOKEN, else that of the kubeconfig); it is only sent
                           under https, or to this machine
      --redis URL          reads Redis instead of the console, with the right to. A user, a password, an authority and another
                           prefix are read from REDIS_USERNAME, REDIS_PASSWORD, REDIS_CA_FILE and REDIS_PREFIX
      --own-namespace NS   with --redis: the controller's namespace (default: modelmesh-serving)
      --etcd-secret NAME   with --redis: the Secret there that says where etcd is (default: model-serving-etcd)
      --namespace-scope    with --redis: the controller serves its own namespace only
      --kubeconfig FILE    default: KUBECONFIG, as kubectl
      --context NAME       the context of the kubeconfig

Exit codes: 0 nothing is in the way, 2 something is, 1 an error.
`;

const LOOK_AGAIN_MS = 1_000;

export async function explain(args: readonly string[], io: Io): Promise<number> {
  const options = parseExplainArguments(args, process.env, sandboxAddresses(io.sandbox).console);
  if (options === 'help') {
    io.out(HELP);
    return 0;
  }
  const namespace = options.namespace ?? contextNamespace(options.kubeconfig);
  let shown = '';
  for (;;) {
    const explained = await readExplanation(options, namespace);
    const content = JSON.stringify({ ...explained, at: 0, runs: { ...explained.runs, next: '' } });
    if (content !== shown) io.out(printed(explained, options, shown !== ''));
    shown = content;
    const hasEnded = await waited(options, io);
    if (hasEnded) return explained.reason === undefined ? 0 : 2;
  }
}

/** True when there is nothing to wait for any more. */
async function waited({ watch }: ExplainOptions, { signal }: Io): Promise<boolean> {
  if (!watch) return true;
  return delay(LOOK_AGAIN_MS, false, signal && { signal }).catch(() => true);
}

function printed(explained: Explained, { output, watch }: ExplainOptions, isAgain: boolean): string {
  if (output === 'json') return `${JSON.stringify(explained, undefined, watch ? undefined : 2)}\n`;
  return `${isAgain ? `\n${'─'.repeat(78)}\n` : ''}${explanationText(explained)}`;
}
