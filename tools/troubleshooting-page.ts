import { ADVICE, REASONS, type Reason } from '@meshkeeper/domain';

const INTRODUCTION = `# Why is it not ready?

<!-- Made by \`npm run generate\` from libs/domain/src/reasons/reasons.ts and advice.ts; changes belong there, or into tools/troubleshooting-page.ts. -->

Ask \`meshkeeper explain\`, or \`kubectl meshkeeper explain\` with it on the \`PATH\`:

\`\`\`
EXPLAIN
\`\`\`

Read it from the top. The first line is how it stands, the second what to do. The gates are what has to be so before a model is served, in
this order: \`✔\` is so, \`✘\` is not, \`?\` is not known since a source is not listed whole, \`·\` waits for a gate before it. Copies are what
the mesh's registry has. What happened is the log of this one model: a change, by whom and in which field, and behind each \`→\` the run
that it caused and what that wrote. A change that is \`first seen\` is the oldest one of its object that the log still holds.

The reason and message of the first open gate are in the status too (\`kubectl get isvc NAME -o jsonpath='{.status.conditions}'\`),
and in Events (\`kubectl describe isvc NAME\`). \`lastFailureInfo\` keeps the words of ModelMesh Serving for those who match on them.

| command | does |
| --- | --- |
| \`meshkeeper explain isvc NAME -n NS\` | a model; \`predictor NAME\` for the older kind |
| \`meshkeeper explain runtime NAME -n NS\` | a runtime: whether it is valid, its pods, which models need it |
| \`… --watch\` | prints again whenever something differs |
| \`… --output json\` | everything, for programs |
| \`… --console URL\` | another console than that of \`MESHKEEPER_CONSOLE\` |
| \`… --redis URL\` | no console: reads Redis, with the right to |

The exit code is 0 when nothing is in the way, 2 when something is, 1 for an error.

With \`CONSOLE_AUTH=kubernetes\` the console lets each caller see what they could see with \`kubectl get\`: the token of the kubeconfig
goes along, and the API server says whose it is and what they may do. It travels under https or to this machine only, so that
\`kubectl port-forward\` is enough. A kubeconfig that holds a certificate has no token: give one, such as that of
\`kubectl create token NAME\`, by \`--token\` or \`MESHKEEPER_TOKEN\`.

## Reasons

The same word is used in a status, an Event, a log line, a metric and here. Those that need no action are listed at the end.
`;

/** As it was printed, but for some of the oldest entries. */
const EXAMPLE = `$ kubectl meshkeeper explain isvc churn
InferenceService modelmesh-serving/churn    2026-11-25 18:54:05 UTC

Not ready. NoSupportingRuntime: No runtime serves onnx version 9; ovms-1.x: supports onnx 1, but version 9 was requested; triton-2.x: supports onnx 1, but version 9 was requested.
To do: Compare the reasons beside the runtimes: change the format, the version or the protocol of the model, or add a runtime that serves it.

Gates
  ✔ object      The object is valid
  ✔ namespace   Namespace modelmesh-serving is enabled
  ✘ runtime     No runtime serves onnx version 9; ovms-1.x: supports onnx 1, but version 9 was requested; triton-2.x: supports onnx 1, but version 9 was requested
      ClusterServingRuntime mlserver-1.x    supports sklearn, xgboost, lightgbm, but onnx was requested
      ClusterServingRuntime ovms-1.x        supports onnx 1, but version 9 was requested
      ClusterServingRuntime torchserve-0.x  supports pytorch-mar, but onnx was requested
      ClusterServingRuntime triton-2.x      supports onnx 1, but version 9 was requested
  · storage     Waits for the gates before it
  · pods        Waits for the gates before it
  · registered  Waits for the gates before it
  · loading     Waits for the gates before it
  · loaded      Waits for the gates before it

Copies
  churn__isvc-39dae529ee  (wanted, active, target)
      no copy

Runs
  The last run was number 10. It runs again when something that it depends on changes.

What happened, newest first
  2026-11-25 18:54:01 UTC  (4 s ago)
    model record modelmesh-serving/churn__isvc-39dae529ee first seen, last written by the mesh
    model record modelmesh-serving/churn__isvc-ed4bda496e deleted by the mesh
    → run 10, 44 ms later: setVModel churn to churn__isvc-39dae529ee  Reloaded, ok
  2026-11-25 18:54:01 UTC  (4 s ago)
    InferenceService modelmesh-serving/churn changed by kubectl-patch: spec.predictor.model.modelFormat.version: "1" → "9"; spec.predictor.model.storage.path: "FAIL_access denied" → "churn/v4"
    → run 9, 25 ms later: setVModel churn to churn__isvc-39dae529ee  Registered, ok
    → run 9, 39 ms later: patch inferenceServices/status modelmesh-serving/churn  StatusChanged, ok
  2026-11-25 18:53:56 UTC  (9 s ago)
    Secret modelmesh-serving/storage-config first seen, last written by kubectl-create
    → run 5, 31 ms later: setVModel churn to churn__isvc-ed4bda496e  Reloaded, ok
    → run 5, 43 ms later: patch inferenceServices/status modelmesh-serving/churn  StatusChanged, ok
`;

/** The page on reasons: the text above, and what each means and requires. */
export function troubleshootingPage(): string {
  const reasons = Object.keys(REASONS).toSorted() as Reason[];
  const [quiet, asking] = [reasons.filter(asksNothing), reasons.filter((reason) => !asksNothing(reason))];
  return [
    INTRODUCTION.replace('EXPLAIN', () => EXAMPLE.trim()),
    ...table(
      ['reason', 'means', 'to do'],
      asking.map((reason) => [`\`${reason}\``, REASONS[reason], ADVICE[reason]]),
    ),
    '',
    'These only report what was done, and need no action:',
    '',
    ...table(
      ['reason', 'means'],
      quiet.map((reason) => [`\`${reason}\``, REASONS[reason]]),
    ),
    '',
  ].join('\n');
}

function asksNothing(reason: Reason): boolean {
  return ADVICE[reason].startsWith('Nothing');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}
