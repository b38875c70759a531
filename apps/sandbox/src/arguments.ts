/** The options of the command line. */
export type Arguments =
  | { readonly kind: 'help' }
  | (Common & { readonly kind: 'sandbox'; readonly fresh: boolean; readonly mlserver: boolean })
  | (Common & { readonly kind: 'context'; readonly context: string });

type Common = {
  readonly replicas: number;
  /** Another state folder than that of the clone. */
  readonly state: string | undefined;
};

export const HELP = `Meshkeeper's sandbox: a whole cluster on this machine.

  npm start                       starts it, or resumes the one that was started here before
  npm start -- --fresh            starts from an empty cluster
  npm start -- --with mlserver    adds the real MLServer, for scikit-learn, to our own server for ONNX
  npm start -- --replicas N       runs N watchers of each kind (1 to 5)
  npm start -- --state DIR        keeps everything in that folder: beside the sandbox of this clone, another one runs
  npm start -- --context NAME     no sandbox: runs our processes against the cluster of that kubeconfig context
  npm start -- --help             this text
`;

const MOST_REPLICAS = 5;

/** @throws Error with one sentence for anything that is not understood. */
export function parseArguments(given: readonly string[]): Arguments {
  let [fresh, replicas, mlserver] = [false, 1, false];
  let context: string | undefined;
  let state: string | undefined;
  const rest = [...given];
  const valueOf = (name: string): string => {
    const value = rest.shift();
    if (value === undefined || value.startsWith('--'))
      throw new Error(`${name} needs a value; npm start -- --help shows what there is.`);
    return value;
  };
  for (let next = rest.shift(); next !== undefined; next = rest.shift()) {
    const [name = '', inline] = next.split(/=(.*)/s, 2);
    if (inline !== undefined) rest.unshift(inline);
    if (name === '--help' || name === '-h') return { kind: 'help' };
    if (name === '--fresh' && inline === undefined) fresh = true;
    else if (name === '--replicas') replicas = parseReplicas(valueOf(name));
    else if (name === '--with') mlserver = isMlserver(valueOf(name));
    else if (name === '--context') context = valueOf(name);
    else if (name === '--state') state = valueOf(name);
    else throw new Error(`Unknown argument ${next}; npm start -- --help shows what there is.`);
  }
  if (context === undefined) return { kind: 'sandbox', fresh, replicas, mlserver, state };
  if (fresh) throw new Error('--fresh empties the sandbox, and --context uses none: give one of them.');
  if (mlserver) throw new Error('--with mlserver is for the sandbox, and --context uses none: give one of them.');
  return { kind: 'context', context, replicas, state };
}

function isMlserver(text: string): boolean {
  if (text === 'mlserver') return true;
  throw new Error(`--with takes mlserver, not ${text}.`);
}

function parseReplicas(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= MOST_REPLICAS) return count;
  throw new Error(`--replicas takes a whole number from 1 to ${MOST_REPLICAS}, not ${text}.`);
}
