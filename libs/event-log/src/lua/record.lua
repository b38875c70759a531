-- Records a batch of changes of one source in one atomic step: log, view, facts, indexes, cursor, due keys.
-- KEYS  1 the source's state
-- A     source, epoch, queue, now (ms), logLength
--       mode     watch   from = the cursor that the batch continues, to = the cursor that it reaches
--                list    pages = how many of its pages are recorded, list = its id, listRevision
--                effect  a write of our own; effect = its description (JSON), running = the key whose run wrote it, which it does not wake
--       changes  {op, namespace, name, revision, body, facts, keys, wakes, indexes} each
--                op             put, absent (a deletion; in a list: missing from the list), or note (logged only)
--                fallbackFacts  true: the facts count only where none are stored
-- Returns {status, cursor, recorded, pending (0|1), key...}; the keys are due and not in the queue.
--   status  ok | epoch | ahead | no-cursor
local source, epoch, mode, now = A.source, A.epoch, A.mode, A.now
local running, effect = A.running or '', A.effect or ''

local state = redis.call('HMGET', KEYS[1], 'epoch', 'cursor', 'floor')
if state[1] ~= epoch then return { 'epoch', '' } end
local cursor, floor = state[2], state[3] or '0'
if mode == 'watch' then
  if not cursor then return { 'no-cursor', '' } end
  if newer(A.from, cursor) then return { 'ahead', cursor } end
elseif mode == 'list' then
  -- A page that does not follow the last recorded one means that Redis lost its tail: the list starts again.
  if tonumber(redis.call('GET', source_list(source, A.list)) or '0') ~= A.pages then return { 'ahead', cursor or '' } end
end

local META, VIEW, TOMBSTONES = source_meta(source), source_view(source), source_tombstones(source)

-- True when what is stored already includes this change or something later.
local function is_known(op, revision, stored)
  if not stored then
    if mode == 'list' and op == 'absent' then return true end
    if newer(revision, floor) then return false end
    return not (mode == 'list' and op == 'put' and not newer(floor, A.listRevision))
  end
  if stored.epoch ~= epoch then return op == 'absent' and stored.deleted end
  if mode ~= 'list' then return not newer(revision, stored.revision) end
  if newer(stored.revision, A.listRevision) then return true end
  if op == 'absent' then return stored.deleted end
  return not stored.deleted and stored.revision == revision
end

-- What a batch writes into one hash or sorted set is sent in one call at its end, since most of a call's cost is the call. Reads during the
-- batch ask the batch first. Lua passes a few thousand arguments at most.
local function batch_of(command, ...)
  local fixed, pending = { ... }, {}
  local batch = {}
  function batch.set(field, value) pending[field] = value end
  function batch.get(field) return pending[field] end
  function batch.drop(field) pending[field] = nil end
  -- `value_first`: a sorted set takes the score before the member.
  function batch.flush(value_first)
    local args = { unpack(fixed) }
    for field, value in pairs(pending) do
      args[#args + 1] = value_first and value or field
      args[#args + 1] = value_first and field or value
      if #args >= 2000 then
        redis.call(command, unpack(args))
        args = { unpack(fixed) }
      end
    end
    if #args > #fixed then redis.call(command, unpack(args)) end
  end
  return batch
end

local view, meta, facts_of = batch_of('HSET', VIEW), batch_of('HSET', META), {}
local due, owning = batch_of('ZADD', DUE, 'LT'), batch_of('ZADD', index_members('keys'))
local function facts_batch(namespace)
  facts_of[namespace] = facts_of[namespace] or batch_of('HSET', source_facts(source, namespace))
  return facts_of[namespace]
end

-- Everything known of the batch's objects, read in one call for each few hundred and decoded.
local known = {}
for first = 1, #A.changes, 500 do
  local objects = {}
  for i = first, math.min(first + 499, #A.changes) do
    objects[#objects + 1] = A.changes[i].namespace .. '/' .. A.changes[i].name
  end
  for i, stored in ipairs(redis.call('HMGET', META, unpack(objects))) do
    if stored then known[objects[i]] = decode_meta(stored) end
  end
end

local function set_of(list)
  local set = {}
  for _, item in ipairs(list) do set[item] = true end
  return set
end

local function add_all(set, list)
  for _, item in ipairs(list) do set[item] = true end
end

-- Calls `remove` for what only `before` has, `add` for what only `after` has.
local function move(before, after, remove, add)
  local old, new = set_of(before), set_of(after)
  for item in pairs(old) do
    if not new[item] then remove(item) end
  end
  for item in pairs(new) do
    if not old[item] then add(item) end
  end
end

-- Two objects may contribute the same member, such as an address that moves from one EndpointSlice to another: the additional ones are
-- counted, and the member is removed with the last.
local function add_member(pair)
  local index, member = string.match(pair, '^(%S+) (.+)$')
  if redis.call('ZADD', index_members(index), 0, member) == 0 then redis.call('HINCRBY', index_extras(index), member, 1) end
end

local function remove_member(pair)
  local index, member = string.match(pair, '^(%S+) (.+)$')
  local extras = tonumber(redis.call('HGET', index_extras(index), member) or '0')
  if extras > 1 then redis.call('HINCRBY', index_extras(index), member, -1)
  elseif extras == 1 then redis.call('HDEL', index_extras(index), member)
  else redis.call('ZREM', index_members(index), member) end
end

local function move_ownership(object, before, after)
  local owned = source .. ' ' .. object
  move(before, after, function(key)
    redis.call('SREM', key_own(key), owned)
    if redis.call('EXISTS', key_own(key)) == 0 then
      owning.drop(key)
      redis.call('ZREM', index_members('keys'), key)
    end
  end, function(key)
    -- A pattern owns nothing: the keys that it matches come and go.
    if string.find(key, '{', 1, true) then return end
    redis.call('SADD', key_own(key), owned)
    owning.set(key, 0)
  end)
end

local function mark_all(keys, entry)
  for key in pairs(keys) do
    if string.find(key, '{', 1, true) then
      redis.call('RPUSH', PATTERNS, entry .. '  ' .. key)
    elseif key ~= running then
      note_mark(key, entry, now)
      due.set(key, now)
    end
  end
end

local candidates, recorded, highest = {}, 0, '0'

-- A run's own effects do not make its key due, so they are not in its history; they are kept beside it.
local function note_effect(entry)
  local effects = key_effects(running)
  if redis.call('LPUSH', effects, entry) > 32 then redis.call('LTRIM', effects, 0, 31) end
  redis.call('EXPIRE', effects, 7 * 24 * 3600)
end

local function log_entry(op, object, revision, body)
  recorded = recorded + 1
  local entry = redis.call('XADD', LOG, 'MAXLEN', '~', A.logLength, '*', 'source', source, 'epoch', epoch, 'object', object,
    'revision', revision, 'op', op, 'body', body, 'effect', effect)
  if effect ~= '' then note_effect(entry) end
  return entry
end

local function store_object(op, object, entry_body, had_meta)
  if op == 'put' then
    view.set(object, entry_body)
    if had_meta then redis.call('ZREM', TOMBSTONES, object) end
  else
    view.drop(object)
    redis.call('HDEL', VIEW, object)
    redis.call('ZADD', TOMBSTONES, now, object)
  end
end

local function store_facts(change, facts, old_facts)
  local batch = facts_batch(change.namespace)
  if facts ~= '' then
    batch.set(change.name, facts)
  elseif old_facts ~= '' then
    batch.drop(change.name)
    redis.call('HDEL', source_facts(source, change.namespace), change.name)
  end
end

local NONE = { keys = {}, wakes = {}, indexes = {} }

local function record_change(change)
  local op, revision, facts = change.op, change.revision, change.facts
  local object = change.namespace .. '/' .. change.name
  if op == 'note' then return log_entry(op, object, revision, change.body) end
  add_all(candidates, change.keys)
  local stored = known[object]
  if is_known(op, revision, stored) then
    -- A watcher saw it first. That we wrote it, and why, is still logged.
    if effect ~= '' then log_entry('note', object, revision, '') end
    return
  end
  local old, new = stored or NONE, op == 'put' and change or NONE
  -- An object without meta has nothing else either, so a first change reads less.
  local old_facts = facts_batch(change.namespace).get(change.name)
    or stored and redis.call('HGET', source_facts(source, change.namespace), change.name) or ''
  if op ~= 'put' then facts = '' elseif change.fallbackFacts and old_facts ~= '' then facts = old_facts end
  if newer(revision, highest) then highest = revision end
  local entry = log_entry(op, object, revision, change.body)
  store_object(op, object, revision .. ' ' .. change.body, stored)
  store_facts(change, facts, old_facts)
  known[object] = { epoch = epoch, revision = revision, deleted = op ~= 'put', keys = new.keys, wakes = new.wakes, indexes = new.indexes }
  meta.set(object, cjson.encode(known[object]))
  move(old.indexes, new.indexes, remove_member, add_member)
  move_ownership(object, old.keys, new.keys)
  local marked = set_of(change.keys)
  add_all(marked, old.keys)
  if facts ~= old_facts then
    add_all(marked, new.wakes)
    add_all(marked, old.wakes)
  end
  for key in pairs(marked) do candidates[key] = true end
  mark_all(marked, entry)
end

for _, change in ipairs(A.changes) do record_change(change) end

if mode == 'watch' and newer(A.to, highest) then highest = A.to end
if newer(highest, '0') then raise_highest(KEYS[1], highest) end

view.flush()
meta.flush()
for _, batch in pairs(facts_of) do batch.flush() end
owning.flush(true)
due.flush(true)

if mode == 'watch' and newer(A.to, cursor) then
  redis.call('HSET', KEYS[1], 'cursor', A.to)
  cursor = A.to
elseif mode == 'list' then
  redis.call('SET', source_list(source, A.list), A.pages + 1, 'EX', 3600)
end

local expanded = {}
local pending = expand_patterns(now, 1000, expanded)
for _, key in ipairs(expanded) do candidates[key] = true end
local result = { 'ok', cursor or '', recorded, pending and 1 or 0 }
for key in pairs(candidates) do
  if not string.find(key, '{', 1, true) and wants_queueing(key, due.get(key)) then result[#result + 1] = key end
end
return result
