import type { QueueState } from '@meshkeeper/event-log';

export type SourceRow = {
  readonly source: string;
  readonly epoch: string;
  readonly cursor: string;
  readonly complete: boolean;
};

/** The index page: what waits, and how far each source is recorded. Plain HTML; nothing on it comes from an object's spec. */
export function renderIndex(state: QueueState, sources: readonly SourceRow[]): string {
  const oldest =
    state.oldestDueKey === undefined
      ? 'nothing is due'
      : `${escape(state.oldestDueKey)}, ${(state.oldestDueMs / 1_000).toFixed(1)} s`;
  const rows = sources.map(
    ({ source, cursor, complete }) =>
      `<tr><td>${source}</td><td>${cursor || '–'}</td><td>${complete ? 'complete' : 'listing'}</td></tr>`,
  );
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Meshkeeper</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 50rem; margin: 2rem auto; padding: 0 1rem; color: #1c2733; }
  table { border-collapse: collapse; } td, th { padding: .2rem 1.2rem .2rem 0; text-align: left; }
  dt { color: #5b6b7a; } dd { margin: 0 0 .6rem; font-weight: 600; }
</style>
<h1>Meshkeeper</h1>
<dl>
  <dt>Keys due</dt><dd>${state.dueKeys}</dd>
  <dt>Due longest</dt><dd>${oldest}</dd>
  <dt>Entries in the log</dt><dd>${state.logLength}</dd>
</dl>
<p><a href="/queues">Queues</a> · <a href="/metrics">Metrics</a> · <a href="/readyz">Readiness</a></p>
<h2>Sources</h2>
<table><tr><th>Source</th><th>Recorded up to</th><th>State</th></tr>${rows.join('')}</table>
</html>
`;
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
