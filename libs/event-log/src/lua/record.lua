-- Records a batch of changes of one source in one atomic step: log, view, facts, indexes, cursor, due keys.
-- KEYS  1 the source's state
-- ARGV  1 prefix  2 source  3 epoch  4 mode  5 from  6 to  7 list revision  8 now (ms)  9 log length
--       10 deduplication prefix of the queue  11 the running key, which its own effects do not wake  12 effect (JSON or '')
--       then for each change: op, namespace, name, revision, body, facts, keys, concerns, indexes
--       facts  with a `=` before them, they count only where nothing is known: what an earlier change told stays
--       mode   watch:  `from` is the cursor it continues, `to` the cursor it reaches
--              list:   `from` is the number of pages recorded before this one, `to` the id of the list
--              effect: our own write; neither
--       op     put, absent (a deletion; in a list: what the list lacks), or note (logged only)
-- Returns {status, cursor, recorded, pending (0|1), key...}; the keys are due and not in the queue.
-- status  ok | epoch | ahead | no-cursor
local source, epoch, mode = ARGV[2], ARGV[3], ARGV[4]
local from, to, list_revision, now = ARGV[5], ARGV[6], ARGV[7], ARGV[8]
local log_length, dedup, running, effect = ARGV[9], ARGV[10], ARGV[11], ARGV[12]
local FIRST, WIDTH = 13, 9

local state = redis.call('HMGET', KEYS[1], 'epoch', 'cursor', 'floor')
if state[1] ~= epoch then return { 'epoch', '' } end
local cursor, floor = state[2], state[3] or '0'
local list_pages = source_list(source, to)
if mode == 'watch' then
  if not cursor then return { 'no-cursor', '' } end
  if newer(from, cursor) then return { 'ahead', cursor } end
elseif mode == 'list' then
  -- A page that does not follow the last recorded one means that Redis lost its tail: the list begins again.
  if (redis.call('GET', list_pages) or '0') ~= from then return { 'ahead', cursor or '' } end
end

local META, VIEW, TOMBSTONES = source_meta(source), source_view(source), source_tombstones(source)

-- True when what is stored already knows this change or something later.
local function is_known(op, revision, stored)
  if not stored then
    if mode == 'list' and op == 'absent' then return true end
    if newer(revision, floor) then return false end
    return not (mode == 'list' and op == 'put' and not newer(floor, list_revision))
  end
  local stored_epoch, stored_revision, state = string.match(stored, '^(%d+) (%d+) (%a)')
  if stored_epoch ~= epoch then return op == 'absent' and state == 'd' end
  if mode ~= 'list' then return not newer(revision, stored_revision) end
  if newer(stored_revision, list_revision) then return true end
  if op == 'absent' then return state == 'd' end
  return state == 'p' and stored_revision == revision
end

-- What a batch writes into one hash or sorted set goes out in one call at its end, since most of a call's cost is the call. Whatever is
-- read of it meanwhile is asked of the batch first. Lua passes a few thousand arguments at most.
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

-- All that is known of the batch's objects, read in one call for each few hundred.
local known = {}
for i = FIRST, #ARGV, WIDTH * 500 do
  local objects = {}
  for j = i, math.min(i + WIDTH * 500, #ARGV + 1) - WIDTH, WIDTH do objects[#objects + 1] = ARGV[j + 1] .. '/' .. ARGV[j + 2] end
  for j, stored in ipairs(redis.call('HMGET', META, unpack(objects))) do known[objects[j]] = stored end
end

local function add_all(set, text) each_line(text, function(line) set[line] = true end) end

-- Two objects may make the same member known, such as an address that moves from one EndpointSlice to another: the further
-- ones are counted, and the member goes with the last.
local function add_member(line)
  local index, member = string.match(line, '^(%S+) (.+)$')
  if redis.call('ZADD', index_members(index), 0, member) == 0 then redis.call('HINCRBY', index_extras(index), member, 1) end
end

local function remove_member(line)
  local index, member = string.match(line, '^(%S+) (.+)$')
  local extras = tonumber(redis.call('HGET', index_extras(index), member) or '0')
  if extras > 1 then redis.call('HINCRBY', index_extras(index), member, -1)
  elseif extras == 1 then redis.call('HDEL', index_extras(index), member)
  else redis.call('ZREM', index_members(index), member) end
end

local function move_memberships(before, after)
  if before == after then return end
  local old, new = {}, {}
  add_all(old, before)
  add_all(new, after)
  for line in pairs(old) do
    if not new[line] then remove_member(line) end
  end
  for line in pairs(new) do
    if not old[line] then add_member(line) end
  end
end

local function move_ownership(object, before, after)
  if before == after then return end
  local old, new = {}, {}
  add_all(old, before)
  add_all(new, after)
  for key in pairs(old) do
    if not new[key] then
      redis.call('SREM', key_own(key), source .. ' ' .. object)
      if redis.call('EXISTS', key_own(key)) == 0 then
        owning.drop(key)
        redis.call('ZREM', index_members('keys'), key)
      end
    end
  end
  for key in pairs(new) do
    -- A pattern owns nothing: the keys it stands for come and go.
    if not string.find(key, '{', 1, true) then
      redis.call('SADD', key_own(key), source .. ' ' .. object)
      owning.set(key, 0)
    end
  end
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

-- A run's own effects do not make its key due, so that they are no part of its history; they are found beside it.
local function note_effect(entry)
  local effects = key_effects(running)
  if redis.call('LPUSH', effects, entry) > 32 then redis.call('LTRIM', effects, 0, 31) end
  redis.call('EXPIRE', effects, 7 * 24 * 3600)
end

local function log_entry(op, object, revision, body)
  recorded = recorded + 1
  local entry = redis.call('XADD', LOG, 'MAXLEN', '~', log_length, '*', 's', source, 'e', epoch, 'o', object,
    'r', revision, 'k', op, 'b', body, 'w', effect)
  if effect ~= '' then note_effect(entry) end
  return entry
end

local function record_change(i)
  local op, namespace, name, revision = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local body, facts, keys, concerns, indexes = ARGV[i + 4], ARGV[i + 5], ARGV[i + 6], ARGV[i + 7], ARGV[i + 8]
  local object = namespace .. '/' .. name
  if op == 'note' then return log_entry(op, object, revision, body) end
  add_all(candidates, keys)
  local stored = meta.get(object) or known[object]
  if is_known(op, revision, stored) then
    -- A watcher saw it first. That we wrote it, and why, is still told.
    if effect ~= '' then log_entry('note', object, revision, '') end
    return
  end
  local old_keys, old_concerns, old_indexes = '', '', ''
  if stored then old_keys, old_concerns, old_indexes = string.match(stored, '^[^\1]*\1([^\1]*)\1([^\1]*)\1([^\1]*)$') end
  local facts_here = facts_batch(namespace)
  -- What has no meta has nothing else either: a first change asks less of Redis.
  local old_facts = facts_here.get(name) or stored and redis.call('HGET', source_facts(source, namespace), name) or ''
  if string.sub(facts, 1, 1) == '=' then facts = old_facts ~= '' and old_facts or string.sub(facts, 2) end
  if newer(revision, highest) then highest = revision end
  local entry = log_entry(op, object, revision, body)
  if op == 'put' then
    view.set(object, revision .. ' ' .. body)
    if stored then redis.call('ZREM', TOMBSTONES, object) end
  else
    view.drop(object)
    redis.call('HDEL', VIEW, object)
    redis.call('ZADD', TOMBSTONES, now, object)
    facts, concerns, indexes = '', '', ''
  end
  if facts ~= '' then
    facts_here.set(name, facts)
  elseif old_facts ~= '' then
    facts_here.drop(name)
    redis.call('HDEL', source_facts(source, namespace), name)
  end
  meta.set(object, epoch .. ' ' .. revision .. ' ' .. (op == 'put' and 'p' or 'd')
    .. '\1' .. (op == 'put' and keys or '') .. '\1' .. concerns .. '\1' .. indexes)
  move_memberships(old_indexes, indexes)
  move_ownership(object, old_keys, op == 'put' and keys or '')
  local marked = {}
  add_all(marked, keys)
  add_all(marked, old_keys)
  if facts ~= old_facts then
    add_all(marked, concerns)
    add_all(marked, old_concerns)
  end
  for key in pairs(marked) do candidates[key] = true end
  mark_all(marked, entry)
end

for i = FIRST, #ARGV, WIDTH do record_change(i) end

if mode == 'watch' and newer(to, highest) then highest = to end
if newer(highest, '0') then raise_highest(KEYS[1], highest) end

view.flush()
meta.flush()
for _, batch in pairs(facts_of) do batch.flush() end
owning.flush(true)
due.flush(true)

if mode == 'watch' and newer(to, cursor) then
  redis.call('HSET', KEYS[1], 'cursor', to)
  cursor = to
elseif mode == 'list' then
  redis.call('SET', list_pages, tonumber(from) + 1, 'EX', 3600)
end

local expanded = {}
local pending = expand_patterns(now, 1000, expanded)
for _, key in ipairs(expanded) do candidates[key] = true end
local result = { 'ok', cursor or '', recorded, pending and 1 or 0 }
for key in pairs(candidates) do
  if not string.find(key, '{', 1, true) and wants_queueing(dedup, key, due.get(key)) then result[#result + 1] = key end
end
return result
