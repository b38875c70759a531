import type { Change, GatherRequest } from '../ports/event-log.ts';
import { MemoryView } from './memory-view.ts';

describe('The view in memory', () => {
  const change = (more: Partial<Change>): Change => ({
    op: 'put',
    namespace: 'n',
    name: 'a',
    revision: '1',
    body: '{}',
    facts: '',
    keys: [],
    wakes: [],
    indexes: [],
    ...more,
  });
  const request = (more: Partial<GatherRequest>): GatherRequest => ({
    key: 'mesh/n',
    sources: [],
    facts: [],
    objects: [],
    indexes: [],
    ...more,
  });
  const viewOf = (...changes: readonly Partial<Change>[]): MemoryView => {
    const view = new MemoryView();
    view.record('s', changes.map(change));
    return view;
  };
  const factsIn = (view: MemoryView, more: object = {}) =>
    view.gather(request({ facts: [{ source: 's', namespace: 'n', ...more }] })).facts;
  const members = (view: MemoryView, index: string) => view.gather(request({ indexes: [index] })).indexes;

  test('has the objects that a key owns, and forgets those that it no longer does', () => {
    const owned = (view: MemoryView) => view.gather(request({})).objects.map(({ name }) => name);
    const keys = ['mesh/n'];
    expect(owned(viewOf({ name: 'b', keys }, { name: 'a', keys }, { name: 'c' }))).toEqual(['a', 'b']);
    expect(owned(viewOf({ keys }, { keys: [] }))).toEqual([]);
    expect(owned(viewOf({ keys }, { op: 'absent' }))).toEqual([]);
    expect(owned(viewOf({ keys, op: 'note' }))).toEqual([]);
    const view = viewOf({ keys }, { name: 'b', keys }, { op: 'absent' });
    expect([view.keys(), viewOf({ keys }, { op: 'absent' }).keys()]).toEqual([[{ kind: 'mesh', namespace: 'n' }], []]);
  });

  test('has requested objects, and the sources that are complete', () => {
    const view = viewOf({ body: '{"a":1}' });
    view.complete('s');
    const gathered = view.gather(
      request({
        sources: ['s', 't'],
        objects: [
          { source: 's', namespace: 'n', name: 'a' },
          { source: 's', namespace: 'n', name: 'x' },
        ],
      }),
    );
    expect(gathered.objects).toEqual([{ source: 's', namespace: 'n', name: 'a', revision: '1', body: { a: 1 } }]);
    expect(gathered.sources).toEqual({
      s: { epoch: '', cursor: '', complete: true },
      t: { epoch: '', cursor: '', complete: false },
    });
  });

  test('has facts by name, the last ones', () => {
    const view = viewOf(
      { name: 'b', facts: '{"x":1}' },
      { facts: '{"x":2}' },
      { name: 'c', facts: '3' },
      { name: 'c' },
    );
    expect(factsIn(view)).toEqual([{ a: { x: 2 }, b: { x: 1 } }]);
    expect(Object.keys(factsIn(view)[0] ?? {})).toEqual(['a', 'b']);
    expect([factsIn(view, { name: 'b' }), factsIn(view, { name: 'z' })]).toEqual([[{ b: { x: 1 } }], [{}]]);
    expect(factsIn(viewOf({ facts: '1' }, { op: 'absent' }))).toEqual([{}]);
  });

  test('keeps good facts where only bad ones come', () => {
    expect(factsIn(viewOf({ facts: '1' }, { facts: '2', fallbackFacts: true }))).toEqual([{ a: 1 }]);
    expect(factsIn(viewOf({ facts: '1' }, { facts: '2' }))).toEqual([{ a: 2 }]);
    expect(factsIn(viewOf({ facts: '2', fallbackFacts: true }))).toEqual([{ a: 2 }]);
  });

  test('has the members of an index as long as an object makes them known', () => {
    const view = viewOf(
      { indexes: ['i z', 'i a', 'i a'] },
      { name: 'b', indexes: ['i a b'] },
      { name: 'c', indexes: ['i a'] },
    );
    expect([members(view, 'i'), members(view, 'j')]).toEqual([[['a', 'a b', 'z']], [[]]]);
    view.record('s', [change({ indexes: [] })]);
    expect(members(view, 'i')).toEqual([['a', 'a b']]);
    view.record('s', [change({ name: 'c', op: 'absent' })]);
    expect(members(view, 'i')).toEqual([['a b']]);
  });

  test('expands a pattern by its indexes, each key once', () => {
    const view = viewOf({ keys: ['mesh/n', 'mesh/{namespaces}'], indexes: ['namespaces x', 'namespaces y', 'r 1'] });
    expect(view.expand(['a/{namespaces}/{r}', 'a/x/1', '{keys}', 'b/{none}'])).toEqual(['a/x/1', 'a/y/1', 'mesh/n']);
  });

  test('reads facts only where an index that a fact names is empty', () => {
    const unless = { source: 's', namespace: 'n', name: 'm', field: 'pods' };
    const view = (...indexes: readonly string[]) =>
      viewOf({ name: 'm', facts: '{"pods":"p"}', indexes: [...indexes] }, { name: 'r', facts: '1' });
    const read = (from: MemoryView, name = 'm') =>
      from.gather(
        request({
          facts: [{ source: 's', namespace: 'n', name: 'r', unless: { ...unless, name } }],
          factIndexes: [{ ...unless, name }],
        }),
      );
    expect(read(view('p d'))).toMatchObject({ facts: [{}], indexes: [['d']] });
    expect(read(view())).toMatchObject({ facts: [{ r: 1 }], indexes: [[]] });
    expect(read(view('p d'), 'other')).toMatchObject({ facts: [{ r: 1 }], indexes: [[]] });
  });
});
