import { execFileSync } from 'node:child_process';
import { loadavg } from 'node:os';
import { join } from 'node:path';

type Measured = { readonly ms: number; readonly peakMiB: number };

const PROGRAM = join(import.meta.dirname, 'json-process.ts');
const ROUNDS = 3;
const MIB = 1024 * 1024;

/** The streaming reader of REST bodies beside `JSON.parse` and ts-proto: time and peak memory at 1 and 16 MiB, in turns. */
export async function benchJson(say: (line: string) => void): Promise<void> {
  say(`machine load: ${loadavg()[0]?.toFixed(2)}`);
  for (const size of [MIB, 16 * MIB]) {
    for (const datatype of ['FP32', 'INT64', 'BYTES']) {
      const pairs = Array.from({ length: ROUNDS }, () => ({
        streamed: measure('streamed', datatype, size),
        parsed: measure('parsed', datatype, size),
      }));
      const best = (of: 'streamed' | 'parsed', what: keyof Measured): number =>
        Math.min(...pairs.map((pair) => pair[of][what]));
      const row = (what: keyof Measured, unit: string): string => {
        const [ours, theirs] = [best('streamed', what), best('parsed', what)];
        return `${ours.toFixed(1)} and ${theirs.toFixed(1)} ${unit} = ${(theirs / ours).toFixed(2)} x`;
      };
      say(`${size / MIB} MiB of ${datatype.padEnd(5)}  time: ${row('ms', 'ms')}   peak: ${row('peakMiB', 'MiB')}`);
    }
  }
  say(`machine load: ${loadavg()[0]?.toFixed(2)}`);
}

function measure(mode: string, datatype: string, size: number): Measured {
  const args = ['--disable-warning=ExperimentalWarning', PROGRAM, mode, datatype, String(size)];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Measured;
}
