-- Shared by every script: the argument, names of keys, comparing revisions, marking keys as due.
-- ARGV[1] is one JSON object with named fields; `prefix` is always among them, and its braces keep every key in one slot of a cluster.
-- redis-keys.ts builds the same names for TypeScript.
local A = cjson.decode(ARGV[1])
local P = A.prefix
local DUE, LOG, PATTERNS = P .. ':due', P .. ':log', P .. ':patterns'
local function key_state(key) return P .. ':key:' .. key end
local function key_history(key) return P .. ':history:' .. key end
local function key_effects(key) return P .. ':effects:' .. key end
local function key_own(key) return P .. ':own:' .. key end
local function source_state(source) return P .. ':source:' .. source end
local function source_meta(source) return P .. ':meta:' .. source end
local function source_view(source) return P .. ':view:' .. source end
local function source_tombstones(source) return P .. ':tombstones:' .. source end
local function source_list(source, id) return P .. ':list:' .. source .. ':' .. id end
local function source_facts(source, namespace) return P .. ':facts:' .. source .. ':' .. namespace end
local function index_members(index) return P .. ':index:' .. index end
local function index_extras(index) return P .. ':extras:' .. index end

-- Revisions are decimal text of any length: a longer one is higher, equal lengths compare as text.
local function newer(a, b)
  if #a ~= #b then return #a > #b end
  return a > b
end

-- The stored description of an object: {epoch, revision, deleted, keys, wakes, indexes}. One that cannot be decoded belongs to no epoch, so
-- the next list replaces it.
local function decode_meta(text)
  local ok, meta = pcall(cjson.decode, text)
  if ok and type(meta) == 'table' and meta.epoch then return meta end
  return { epoch = '', revision = '0', deleted = false, keys = {}, wakes = {}, indexes = {} }
end

-- Counts and remembers one mark. The caller adds the key to the due ones before its script ends.
local function note_mark(key, entry, now)
  local state = key_state(key)
  redis.call('HINCRBY', state, 'marks', 1)
  redis.call('HSETNX', state, 'markedAt', now)
  local history = key_history(key)
  if redis.call('LPUSH', history, entry) > 32 then redis.call('LTRIM', history, 0, 31) end
end

-- The highest known revision, our own writes included: a server whose head is below it has been restored.
local function raise_highest(state, revision)
  local highest = redis.call('HGET', state, 'highest')
  if not highest or newer(revision, highest) then redis.call('HSET', state, 'highest', revision) end
end

-- Marks one work key as due because of one log entry. A mark lowers a later deadline and never raises an earlier one.
local function mark_key(key, entry, now)
  note_mark(key, entry, now)
  redis.call('ZADD', DUE, 'LT', now, key)
end

-- Expands patterns: keys with holes, such as `runtime/{namespaces}/triton`, where each hole is the name of an index.
-- At most `budget` keys are marked in one call; the rest stays in the list.
local function expand_patterns(now, budget, marked)
  while budget > 0 do
    local item = redis.call('LPOP', PATTERNS)
    if not item then return false end
    local entry, after, pattern = string.match(item, '^(%S+) (%S*) (.+)$')
    local before, index, rest = string.match(pattern, '^([^{]*){([^}]*)}(.*)$')
    local from = after == '' and '-' or ('(' .. after)
    local members = redis.call('ZRANGEBYLEX', index_members(index), from, '+', 'LIMIT', 0, budget)
    for _, member in ipairs(members) do
      local key = before .. member .. rest
      if string.find(key, '{', 1, true) then
        redis.call('RPUSH', PATTERNS, entry .. '  ' .. key)
      else
        mark_key(key, entry, now)
        marked[#marked + 1] = key
      end
    end
    if #members == budget then
      redis.call('LPUSH', PATTERNS, entry .. ' ' .. members[#members] .. ' ' .. pattern)
    end
    budget = budget - #members
  end
  return redis.call('EXISTS', PATTERNS) == 1
end
