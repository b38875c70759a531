-- Records a batch of changes of one source in one atomic step: log, view, facts, indexes, cursor, due keys.
-- KEYS  1 the source's state
-- ARGV  1 prefix  2 source  3 epoch  4 mode  5 from  6 to  7 list revision  8 now (ms)  9 log length
--       10 deduplication prefix of the queue  11 the running key, which its own effects do not wake  12 effect (JSON or '')
--       then for each change: op, namespace, name, revision, body, facts, keys, concerns, indexes
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
      if redis.call('EXISTS', key_own(key)) == 0 then redis.call('ZREM', index_members('keys'), key) end
    end
  end
  for key in pairs(new) do
    -- A pattern owns nothing: the keys it stands for come and go.
    if not string.find(key, '{', 1, true) then
      redis.call('SADD', key_own(key), source .. ' ' .. object)
      redis.call('ZADD', index_members('keys'), 0, key)
    end
  end
end

local marked_now = {}

local function mark_all(keys, entry)
  for key in pairs(keys) do
    if string.find(key, '{', 1, true) then
      redis.call('RPUSH', PATTERNS, entry .. '  ' .. key)
    elseif key ~= running then
      note_mark(key, entry, now)
      marked_now[key] = true
    end
  end
end

local candidates, recorded = {}, 0

local function log_entry(op, object, revision, body)
  recorded = recorded + 1
  return redis.call('XADD', LOG, 'MAXLEN', '~', log_length, '*', 's', source, 'e', epoch, 'o', object,
    'r', revision, 'k', op, 'b', body, 'w', effect)
end

local function record_change(i)
  local op, namespace, name, revision = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local body, facts, keys, concerns, indexes = ARGV[i + 4], ARGV[i + 5], ARGV[i + 6], ARGV[i + 7], ARGV[i + 8]
  local object = namespace .. '/' .. name
  if op == 'note' then return log_entry(op, object, revision, body) end
  add_all(candidates, keys)
  local stored = redis.call('HGET', META, object)
  if is_known(op, revision, stored) then return end
  local old_keys, old_concerns, old_indexes = '', '', ''
  if stored then old_keys, old_concerns, old_indexes = string.match(stored, '^[^\1]*\1([^\1]*)\1([^\1]*)\1([^\1]*)$') end
  local FACTS = source_facts(source, namespace)
  -- What has no meta has nothing else either: a first change asks less of Redis.
  local old_facts = stored and redis.call('HGET', FACTS, name) or ''
  local entry = log_entry(op, object, revision, body)
  if op == 'put' then
    redis.call('HSET', VIEW, object, revision .. ' ' .. body)
    if facts ~= '' then redis.call('HSET', FACTS, name, facts) elseif old_facts ~= '' then redis.call('HDEL', FACTS, name) end
    if stored then redis.call('ZREM', TOMBSTONES, object) end
  else
    redis.call('HDEL', VIEW, object)
    redis.call('HDEL', FACTS, name)
    redis.call('ZADD', TOMBSTONES, now, object)
    facts, concerns, indexes = '', '', ''
  end
  redis.call('HSET', META, object, epoch .. ' ' .. revision .. ' ' .. (op == 'put' and 'p' or 'd')
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

-- All marks of the batch become due together: one call for hundreds of keys. Lua passes a few thousand arguments at most.
local due = {}
local function flush_due()
  if #due > 0 then redis.call('ZADD', DUE, 'LT', unpack(due)) end
  due = {}
end
for key in pairs(marked_now) do
  due[#due + 1] = now
  due[#due + 1] = key
  if #due >= 2000 then flush_due() end
end
flush_due()

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
  if not string.find(key, '{', 1, true) and wants_queueing(dedup, key, marked_now[key]) then result[#result + 1] = key end
end
return result
