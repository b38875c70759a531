import { contextNamespace } from '@meshkeeper/kubernetes';
import { parsePlanArguments, type PlanOptions } from './arguments.ts';
import { noteForeignController, openCluster } from './cluster.ts';
import { sortInput, type Input } from './input.ts';
import { previewChanges } from './preview.ts';
import { exitCodeOf, printPreview } from './print-plan.ts';
import { createReporter, type Report } from './problems.ts';
import { readConfigFile, readObjects } from './read-files.ts';
import type { Io } from './io.ts';

const HELP = `Usage: meshkeeper plan [-f FILE...] [OPTIONS]

Shows what Meshkeeper would change in a cluster once the objects of the files are applied to it; without files, what it
would change as the cluster stands. Only looks. Models are not part of it.

  -f, --file FILE          a file with Kubernetes objects (YAML or JSON, lists too), a folder, or - for standard input;
                           may be given more than once
      --config FILE        the configuration: the ConfigMap, or the content of its config.yaml
  -n, --namespace NS       where objects without a namespace live (default: that of the kubeconfig's context)
      --own-namespace NS   the controller's namespace (default: modelmesh-serving)
      --etcd-secret NAME   the Secret there that says where etcd is (default: model-serving-etcd)
      --namespace-scope    the controller serves its own namespace only
      --controller-deployment NAME  and this is its Deployment, which the inference Service goes with
      --kubeconfig FILE    how to reach the cluster (default: as kubectl finds it)
      --context NAME       which context of it (default: the current one)
  -o, --output FORMAT      text, yaml or json (default: text)

Exit codes: 0 nothing would change, 2 something would, 3 pods would be replaced or removed, 1 an error.
`;

export async function plan(args: readonly string[], io: Io): Promise<number> {
  const options = parsePlanArguments(args);
  if (options === 'help') {
    io.out(HELP);
    return 0;
  }
  const { installed } = options;
  const { report, problems } = createReporter(io);
  const cluster = openCluster({ file: options.kubeconfig, context: options.context });
  try {
    const input = await readInput(options, io, report);
    const now = Date.now();
    await noteForeignController(cluster, installed.ownNamespace, now, report);
    const changes = await previewChanges(cluster, input, { ...installed, now }, report);
    const preview = { changes, problems };
    io.out(printPreview(preview, options.output));
    return exitCodeOf(preview);
  } finally {
    await cluster.stop();
  }
}

async function readInput(options: PlanOptions, io: Io, report: Report): Promise<Input> {
  const { kubeconfig: file, context, installed } = options;
  const { ownNamespace } = installed;
  const objects = await readObjects(options.files, io.stdin, report);
  const namespace = options.namespace ?? contextNamespace({ file, context });
  const sorted = sortInput(objects, { ownNamespace, namespace }, report);
  return options.config === undefined ? sorted : { ...sorted, config: readConfigFile(options.config, ownNamespace) };
}
