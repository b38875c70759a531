-- Shared by every script: names of keys, comparing revisions, marking keys as due.
-- The prefix is always ARGV[1]; its braces keep every key in one slot. redis-keys.ts names the same keys for TypeScript.
local P = ARGV[1]
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

local function each_line(text, fn)
  if text == '' then return end
  for line in string.gmatch(text, '[^\n]+') do fn(line) end
end

-- Counts and remembers one mark; the caller puts the key among the due ones before its script ends.
local function note_mark(key, entry, now)
  local state = key_state(key)
  redis.call('HINCRBY', state, 'g', 1)
  redis.call('HSETNX', state, 't', now)
  local history = key_history(key)
  if redis.call('LPUSH', history, entry) > 32 then redis.call('LTRIM', history, 0, 31) end
end

-- The highest revision that anything is known of, our own writes included: a server that stands before it was restored.
local function raise_highest(state, revision)
  local highest = redis.call('HGET', state, 'highest')
  if not highest or newer(revision, highest) then redis.call('HSET', state, 'highest', revision) end
end

-- Marks one work key as due because of one log entry. A mark lowers a later deadline, never raises an earlier one.
local function mark_key(key, entry, now)
  note_mark(key, entry, now)
  redis.call('ZADD', DUE, 'LT', now, key)
end

-- A key is in the queue while BullMQ holds its deduplication id, whose value is the job. While that job is active, which its lock shows,
-- its run may have begun before the mark or be over already: the key is queued once more behind it. One that waits among timed work
-- wants to be taken to the front.
-- `marked` says that this call marked it, so that it is known to be due.
local function wants_queueing(dedup, key, marked)
  if not marked and not redis.call('ZSCORE', DUE, key) then return false end
  local job = redis.call('GET', dedup .. key)
  if not job then return true end
  local queue = string.sub(dedup, 1, -4)
  if redis.call('EXISTS', queue .. job .. ':lock') == 1 then return true end
  return redis.call('ZSCORE', queue .. 'prioritized', job) ~= false
end

-- Works off patterns: keys with holes, `runtime/{namespaces}/triton`, each hole the name of an index.
-- At most `budget` keys are marked in one call; what is left stays in the list, atomically.
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
