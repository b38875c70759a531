import type { ModelRecord, VModelRecord } from '@meshkeeper/modelmesh';
import { newModelRecord } from './model-record.ts';
import {
  decideDeleteVModel,
  decideSetVModel,
  type RecordChange,
  type SetVModel,
  type VModelDecision,
  type VModelSnapshot,
} from './vmodels.ts';

const INFO = { type: 'mt:sklearn', path: 'p', key: 'k' };
const NOW = 36_000_000;
const HOUR = 3_600_000;
const known = (more: Partial<ModelRecord> = {}): ModelRecord => ({
  ...newModelRecord(INFO, { autoDel: true, lu: 0n }),
  refs: 1,
  ...more,
});
const vmodel = (amid: string, tmid: string, more: Partial<VModelRecord> = {}): VModelRecord => ({
  o: 'ksp',
  amid,
  tmid,
  failed: true,
  extra: {},
  ...more,
});

type World = {
  readonly vmodel?: VModelRecord;
  readonly models?: Readonly<Record<string, ModelRecord>>;
  readonly copies?: Readonly<Record<string, number>>;
};
const snapshot = ({ vmodel: record, models = {}, copies = {} }: World): VModelSnapshot => ({
  now: NOW,
  defaultOwner: 'ksp',
  vmodel: record,
  model: (id) => models[id],
  liveCopies: (id) => copies[id] ?? 0,
  isLoaded: (id) => (copies[id] ?? 0) > 0,
});
const request = (more: Partial<SetVModel> = {}): SetVModel => ({
  vModelId: 'v',
  targetModelId: 't',
  updateOnly: false,
  modelInfo: INFO,
  autoDeleteTargetModel: false,
  loadNow: false,
  force: false,
  expectedTargetModelId: '',
  owner: '',
  ...more,
});

/** A change as short words: `v a>t`, `t 2`, `a gone`. */
const words = ({ table, id, record }: RecordChange): string => {
  if (record === undefined) return `${id} gone`;
  return table === 'vmodels' ? `${id} ${record.amid}>${record.tmid} ${record.failed}` : `${id} ${record.refs}`;
};
const outcome = (decision: VModelDecision): readonly string[] => {
  if (decision.kind === 'refused') return [`${decision.code}: ${decision.message}`];
  if (decision.kind === 'unchanged') return ['unchanged'];
  return [...decision.changes.map(words), ...(decision.loadActive ? ['load'] : [])];
};

const a = { a: known(), t: known() };
const settled = vmodel('a', 'a');
const moving = vmodel('a', 'b');
const OTHER = 'ALREADY_EXISTS: vmodel v already exists with different owner';

test.each<[string, Partial<SetVModel>, World, readonly string[]]>([
  ['no id is refused', { vModelId: '' }, {}, ['INVALID_ARGUMENT: Must provide vModelId']],
  ['no target is refused', { targetModelId: '' }, {}, ['INVALID_ARGUMENT: Must provide target modelId for vmodel v']],
  [
    'no type is refused',
    { modelInfo: { ...INFO, type: '' } },
    {},
    ['INVALID_ARGUMENT: Must provide non-empty model type string'],
  ],
  ['an update of none is refused', { updateOnly: true }, {}, ['NOT_FOUND: vmodel v not found']],
  [
    'an expectation of none is refused',
    { expectedTargetModelId: 'x' },
    {},
    ['FAILED_PRECONDITION: vmodel v not found'],
  ],
  ['an expectation of the target itself holds', { expectedTargetModelId: 't' }, {}, ['v t>t false', 't 1']],
  ['a new vmodel names its target twice', {}, {}, ['v t>t false', 't 1']],
  ['a model that exists gets one more reference', {}, { models: a }, ['v t>t false', 't 2']],
  [
    'a model that is missing needs its information',
    { modelInfo: undefined },
    {},
    ['NOT_FOUND: Target model t not found'],
  ],
  ['a model that exists needs none', { modelInfo: undefined }, { models: a }, ['v t>t false', 't 2']],
  [
    'other information is refused',
    { modelInfo: { ...INFO, path: 'q' } },
    { models: a },
    ['ALREADY_EXISTS: Target model t already exists with different attribute values'],
  ],
  ['another owner is refused', { owner: 'isvc' }, { vmodel: settled }, [`${OTHER} "ksp"`]],
  [
    'an owner of a vmodel without one is refused',
    { owner: 'isvc' },
    { vmodel: vmodel('a', 'a', { o: '' }) },
    [`${OTHER} "null"`],
  ],
  ['the same owner may change it', { owner: 'ksp' }, { vmodel: settled, models: a }, ['v t>t false', 't 2', 'a gone']],
  [
    'another expectation is refused',
    { expectedTargetModelId: 'x' },
    { vmodel: settled, models: a },
    ['FAILED_PRECONDITION: Existing target model a does not match expected x'],
  ],
  [
    'the expected target may be changed',
    { expectedTargetModelId: 'a' },
    { vmodel: settled, models: a },
    ['v t>t false', 't 2', 'a gone'],
  ],
  [
    'a repeated call needs no expectation',
    { expectedTargetModelId: 'x' },
    { vmodel: vmodel('t', 't'), models: a },
    ['unchanged'],
  ],
  ['an active model without copies is replaced', {}, { vmodel: settled, models: a }, ['v t>t false', 't 2', 'a gone']],
  [
    'an active model that is loaded is replaced later',
    {},
    { vmodel: settled, models: a, copies: { a: 1 } },
    ['v a>t false', 't 2'],
  ],
  [
    'an active model is replaced by a loaded one',
    {},
    { vmodel: settled, models: a, copies: { a: 1, t: 1 } },
    ['v t>t false', 't 2', 'a gone', 'load'],
  ],
  [
    'one of two copies is not enough',
    {},
    { vmodel: settled, models: a, copies: { a: 2, t: 1 } },
    ['v a>t false', 't 2'],
  ],
  [
    'force replaces it',
    { force: true },
    { vmodel: settled, models: a, copies: { a: 2 } },
    ['v t>t false', 't 2', 'a gone', 'load'],
  ],
  [
    'a target that is given up is released',
    {},
    { vmodel: moving, models: { ...a, b: known() }, copies: { a: 1 } },
    ['v a>t false', 't 2', 'b gone'],
  ],
  [
    'a model with other references stays',
    {},
    { vmodel: settled, models: { ...a, a: known({ refs: 2 }) } },
    ['v t>t false', 't 2', 'a 1'],
  ],
  [
    'a model that is not deleted by itself stays',
    {},
    { vmodel: settled, models: { ...a, a: known({ autoDel: false }) } },
    ['v t>t false', 't 2', 'a 0'],
  ],
  [
    'a model without references has never less',
    {},
    { vmodel: settled, models: { ...a, a: known({ autoDel: false, refs: 0 }) } },
    ['v t>t false', 't 2', 'a 0'],
  ],
  ['a model that is missing is not released', {}, { vmodel: settled, models: { t: known() } }, ['v t>t false', 't 2']],
  [
    'the active model as target rolls back',
    { targetModelId: 'a' },
    { vmodel: moving, models: { ...a, b: known() } },
    ['v a>a false', 'b gone'],
  ],
  ['a repeated target changes nothing', {}, { vmodel: vmodel('a', 't'), models: a }, ['unchanged']],
  [
    'a repeated target is forced',
    { force: true },
    { vmodel: vmodel('a', 't'), models: a, copies: { a: 1 } },
    ['v t>t false', 'a gone', 'load'],
  ],
  ['force changes nothing once it is active', { force: true }, { vmodel: vmodel('t', 't'), models: a }, ['unchanged']],
  ['a target whose record is missing is made again', {}, { vmodel: vmodel('a', 't'), models: { a: known() } }, ['t 1']],
])('%s', (_rule, more, world, expected) => {
  expect(outcome(decideSetVModel(request(more), snapshot(world)))).toEqual(expected);
});

test('a new model has what the request says, and an hour or six since its last use', () => {
  const made = (more: Partial<SetVModel>, world: World = {}) => {
    const decision = decideSetVModel(request(more), snapshot(world));
    const change = decision.kind === 'changed' ? decision.changes.find(({ id }) => id === 't') : undefined;
    return change?.table === 'registry' ? change.record : undefined;
  };
  const expected = (autoDel: boolean, lu: number) => ({
    ...newModelRecord(INFO, { autoDel, lu: BigInt(lu) }),
    refs: 1,
  });
  expect([made({}), made({ loadNow: true, autoDeleteTargetModel: true })]).toEqual([
    expected(false, NOW - 6 * HOUR),
    expected(true, NOW - HOUR),
  ]);
  const used = { vmodel: settled, models: { a: known({ lu: 5n }) } };
  expect([made({}, used), made({}, { ...used, models: { a: known() } })]).toEqual([
    expected(false, 5),
    expected(false, NOW - 6 * HOUR),
  ]);
});

test('a new vmodel has the owner of the request, else the default', () => {
  const owners = ['', 'isvc'].map((owner) => {
    const decision = decideSetVModel(request({ owner }), snapshot({}));
    return decision.kind === 'changed' ? decision.changes[0]?.record : decision;
  });
  expect(owners).toEqual(['ksp', 'isvc'].map((o) => vmodel('t', 't', { o, failed: false })));
});

test.each<[string, string, World, readonly string[]]>([
  ['the removal of none changes nothing', '', {}, []],
  ['the removal by another owner changes nothing', 'isvc', { vmodel: settled }, []],
  ['a removal releases the model once', 'ksp', { vmodel: settled, models: a }, ['a gone', 'v gone']],
  ['a removal releases both models', '', { vmodel: vmodel('a', 't'), models: a }, ['a gone', 't gone', 'v gone']],
])('%s', (_rule, owner, world, expected) => {
  expect(decideDeleteVModel('v', owner, snapshot(world)).map(words)).toEqual(expected);
});
