import type { Progress } from '@meshkeeper/sandbox';

export type ProgressLines = {
  show(progress: Progress): void;
  /** Ends the line that moves. */
  close(): void;
};

export type LineOutput = {
  /** Whether a line can be written over. */
  readonly isTerminal: boolean;
  readonly columns: number;
  write(text: string): void;
};

/** Without a terminal a step that takes long says so this often. */
const REPEAT_MS = 15_000;
const REDRAW_MS = 500;

/** Shows one line for each finished step, and what the unfinished ones do. */
export function progressLines(output: LineOutput, now: () => number): ProgressLines {
  const running = new Map<string, Running>();
  const clear = (): void => {
    if (output.isTerminal) output.write('\r\u001B[K');
  };
  const redraw = (): void => {
    const oldest = [...running][0];
    if (oldest === undefined) return;
    const [name, { began, text }] = oldest;
    const line = movingLine(name, now() - began, text);
    if (output.isTerminal) {
      clear();
      output.write(line.slice(0, output.columns - 1));
    } else if (now() - oldest[1].said >= REPEAT_MS) {
      oldest[1].said = now();
      output.write(`${line}\n`);
    }
  };
  const timer = setInterval(redraw, REDRAW_MS);
  timer.unref();
  const show = (progress: Progress): void => {
    switch (progress.kind) {
      case 'begin':
        running.set(progress.name, { began: now(), said: now(), text: '' });
        break;
      case 'moving': {
        const step = running.get(progress.name);
        if (step !== undefined) step.text = progress.text;
        return;
      }
      case 'done':
        running.delete(progress.name);
        clear();
        output.write(`✔ ${progress.name} … ${seconds(progress.ms)}\n`);
        break;
      case 'note':
        clear();
        output.write(`· ${progress.text}\n`);
        break;
    }
    if (output.isTerminal) redraw();
  };
  return {
    show,
    close: () => {
      clearInterval(timer);
      clear();
    },
  };
}

type Running = { readonly began: number; said: number; text: string };

function movingLine(name: string, ms: number, text: string): string {
  return `… ${name}, ${seconds(ms)}${text === '' ? '' : `: ${text}`}`;
}

/** `1.2 s`, `4 min 42 s`. */
export function seconds(ms: number): string {
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const whole = Math.round(ms / 1000);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
