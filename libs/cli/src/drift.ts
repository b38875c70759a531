import { lookForDrift, type Finding } from '@meshkeeper/domain';
import { parseDriftArguments, type DriftOptions } from './arguments.ts';
import type { Io } from './io.ts';
import { createReporter } from './problems.ts';
import { withRedisView } from './redis-view.ts';
import { sandboxAddresses } from './sandbox-addresses.ts';

const HELP = `Usage: meshkeeper drift [OPTIONS]

Shows where InferenceServices and Predictors, the mesh's records and the pods disagree, by what the watchers have recorded
in Redis. What changed less than 30 seconds ago, is being worked at or is paused is left out. Only looks.

  VModelWithoutObject   the mesh has a VModel, but there is no InferenceService or Predictor of its name
  ObjectWithoutVModel   the other way round
  WrongOwner            the VModel of an object's name belongs to another kind of object, or to another owner
  WrongTarget           the VModel leads to another model than the object wants
  ReadyWithoutPods      an object shows Ready, but no ready pod can hold its model
  ModelWithoutVModel    the mesh's registry has a model that no VModel leads to

  -n, --namespace NS       only this namespace (default: all)
      --redis URL          where Redis is (default: REDIS_URL of the environment, else that of the sandbox). A user, a
                           password, an authority and another prefix are read from REDIS_USERNAME, REDIS_PASSWORD,
                           REDIS_CA_FILE and REDIS_PREFIX
      --own-namespace NS   the controller's namespace (default: modelmesh-serving)
  -o, --output FORMAT      text or json (default: text); json is one line for each finding

Exit codes: 0 nothing disagrees, 2 something does, 1 an error.
`;

export async function drift(args: readonly string[], io: Io): Promise<number> {
  const options = parseDriftArguments(args);
  if (options === 'help') {
    io.out(HELP);
    return 0;
  }
  const { report } = createReporter(io);
  const redis = options.redis ?? (process.env['REDIS_URL'] || sandboxAddresses(io.sandbox).redis);
  const { findings, unlisted } = await withRedisView(redis, (view) => lookForDrift(view, options.ownNamespace));
  for (const source of unlisted)
    report('note', `source ${source} is not listed whole: nothing is concluded from what is missing there`);
  const asked = findings.filter(({ namespace }) => namespace === (options.namespace ?? namespace));
  io.out(printed(asked, options));
  return asked.length === 0 ? 0 : 2;
}

function printed(findings: readonly Finding[], { output }: DriftOptions): string {
  if (output === 'json') {
    const lines = findings.map(({ kind, namespace, name, message }) =>
      JSON.stringify({ kind, namespace, name, message }),
    );
    return lines.map((line) => `${line}\n`).join('');
  }
  if (findings.length === 0) return 'Nothing disagrees.\n';
  return findings.map(({ kind, namespace, name, message }) => `${kind} ${namespace}/${name}\n  ${message}\n`).join('');
}
