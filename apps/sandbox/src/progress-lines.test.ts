import assert from 'node:assert/strict';
import { progressLines, seconds } from './progress-lines.ts';

test('without a terminal there is one line for each finished step and each note', () => {
  let text = '';
  const lines = progressLines({ isTerminal: false, columns: 80, write: (more) => (text += more) }, () => 0);
  lines.show({ kind: 'begin', name: 'Redis' });
  lines.show({ kind: 'moving', name: 'Redis', text: 'installing' });
  lines.show({ kind: 'note', text: 'something happened' });
  lines.show({ kind: 'done', name: 'Redis', ms: 1_234 });
  lines.close();
  assert.equal(text, '· something happened\n✔ Redis … 1.2 s\n');
});

test('on a terminal the line of the oldest unfinished step is written over', () => {
  let text = '';
  const lines = progressLines({ isTerminal: true, columns: 20, write: (more) => (text += more) }, () => 0);
  lines.show({ kind: 'begin', name: 'A step' });
  lines.show({ kind: 'begin', name: 'Another' });
  lines.show({ kind: 'done', name: 'Another', ms: 10 });
  lines.close();
  const clear = '\r\u001B[K';
  assert.equal(
    text,
    `${clear}… A step, 0.0 s${clear}… A step, 0.0 s${clear}✔ Another … 0.0 s\n${clear}… A step, 0.0 s${clear}`,
  );
});

test('times are shown in seconds, long ones in minutes', () => {
  assert.deepEqual([40, 1_250, 59_900, 282_000].map(seconds), ['0.0 s', '1.3 s', '59.9 s', '4 min 42 s']);
});
