-- Ends a list whose pages and absences are all recorded: the source is complete, and its cursor is at least the list's revision.
-- KEYS  1 the source's state
-- A     source, epoch, list {id, pages, revision}, tombstones (how many to keep), now (ms), startedAt (when the list began, ms)
--       patterns  keys that may have waited for this source to be complete
-- Returns ok | epoch | ahead
local source, list = A.source, A.list
local state = redis.call('HMGET', KEYS[1], 'epoch', 'cursor', 'floor', 'complete')
if state[1] ~= A.epoch then return 'epoch' end
local pages = source_list(source, list.id)
if tonumber(redis.call('GET', pages) or '0') ~= list.pages then return 'ahead' end
redis.call('DEL', pages)
local cursor = state[2]
if not cursor or newer(list.revision, cursor) then redis.call('HSET', KEYS[1], 'cursor', list.revision) end
raise_highest(KEYS[1], list.revision)
redis.call('HSET', KEYS[1], 'complete', 1, 'listed', A.startedAt)

-- Plans conclude nothing from an incomplete source; from now on they may.
if state[4] ~= '1' then
  local entry = redis.call('XADD', LOG, '*', 'source', source, 'epoch', A.epoch, 'object', '/', 'revision', list.revision,
    'op', 'note', 'body', '', 'effect', '')
  for _, pattern in ipairs(A.patterns) do redis.call('RPUSH', PATTERNS, entry .. '  ' .. pattern) end
end

-- Old tombstones are dropped, and the floor keeps what they knew: nothing at or below it is accepted but from a list as new as the floor.
local floor, tombstones = state[3] or '0', source_tombstones(source)
local excess = redis.call('ZCARD', tombstones) - A.tombstones
if excess > 0 then
  for _, object in ipairs(redis.call('ZRANGE', tombstones, 0, excess - 1)) do
    local meta = decode_meta(redis.call('HGET', source_meta(source), object) or '')
    if meta.epoch == A.epoch and newer(meta.revision, floor) then floor = meta.revision end
    redis.call('HDEL', source_meta(source), object)
    redis.call('ZREM', tombstones, object)
  end
  redis.call('HSET', KEYS[1], 'floor', floor)
end
return 'ok'
