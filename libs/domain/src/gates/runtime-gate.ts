import { configOf, type PredictorSnapshot, type NamedRuntime } from '../snapshot/snapshot.ts';
import { DEFAULT_CONFIG } from '../config/mesh-config.ts';
import { open, passed, unknown, type Detail, type Finding } from './gate.ts';
import { isNear, whyNot, wordList, type Asked } from './why-not.ts';

type Judged = { readonly runtime: NamedRuntime; readonly why: string | undefined };

/** Whether any runtime serves the model, and for each other why it does not. */
export function runtimeGate(snapshot: PredictorSnapshot, asked: Asked): Finding {
  const { runtimes, hasNoReadyRuntime, podsKnown } = snapshot;
  if (runtimes === undefined) {
    return podsKnown && !hasNoReadyRuntime
      ? passed('A runtime with ready pods serves it')
      : unknown('The runtimes are not all listed yet');
  }
  const judged = judge(snapshot, runtimes, asked);
  const serving = judged.filter(({ why }) => why === undefined);
  const details = judged.map(toDetail);
  if (serving.length > 0) return passed(`${wordList(serving.map(({ runtime }) => runtime.name))} serves it`, details);
  const reason = asked.label.startsWith('rt:') ? 'RuntimeNotRecognized' : 'NoSupportingRuntime';
  return open(reason, messageOf(judged, asked), details);
}

/** The runtimes that serve the model, by name; undefined while they are not known. */
export function servingRuntimes(snapshot: PredictorSnapshot, asked: Asked): readonly NamedRuntime[] | undefined {
  if (snapshot.runtimes === undefined) return undefined;
  return judge(snapshot, snapshot.runtimes, asked).flatMap(({ runtime, why }) => (why === undefined ? [runtime] : []));
}

function judge(snapshot: PredictorSnapshot, runtimes: readonly NamedRuntime[], asked: Asked): readonly Judged[] {
  const config = configOf(snapshot) ?? DEFAULT_CONFIG;
  const own = new Set(runtimes.filter(({ kind }) => kind === 'ServingRuntime').map(({ name }) => name));
  return runtimes.map((runtime) => {
    const isHidden = runtime.kind === 'ClusterServingRuntime' && own.has(runtime.name);
    return { runtime, why: whyNot(runtime, asked, config, isHidden) };
  });
}

function toDetail({ runtime: { kind, name }, why }: Judged): Detail {
  return { about: `${kind} ${name}`, says: why ?? 'serves it' };
}

/** How many runtimes a status names: more would not be read. */
const NEAREST = 2;

function messageOf(judged: readonly Judged[], asked: Asked): string {
  const near = judged.filter(({ runtime }) => isNear(runtime, asked)).slice(0, NEAREST);
  const reasons = near.map(({ runtime, why }) => `; ${runtime.name}: ${why ?? ''}`).join('');
  return `${askedInWords(asked)}${reasons}`;
}

function askedInWords({ label, format, version }: Asked): string {
  if (label.startsWith('rt:')) return `No runtime ${label.slice('rt:'.length)} serves models here`;
  const protocol = label.split('|pv:')[1];
  const what = version === undefined ? format : `${format} version ${version}`;
  return `No runtime serves ${what}${protocol === undefined ? '' : ` with protocol ${protocol}`}`;
}
