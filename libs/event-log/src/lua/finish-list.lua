-- Ends a list whose pages and absences are all recorded: the source is complete, the cursor stands at least at its revision.
-- KEYS 1 the source's state
-- ARGV 1 prefix  2 source  3 epoch  4 list id  5 pages  6 list revision  7 tombstones to keep  8 now
--      9 when the list began (ms)
--      10 patterns of the keys that may have waited for this source to be complete, one a line
-- Returns ok | epoch | ahead
local source = ARGV[2]
local state = redis.call('HMGET', KEYS[1], 'epoch', 'cursor', 'floor', 'complete')
if state[1] ~= ARGV[3] then return 'epoch' end
local pages = source_list(source, ARGV[4])
if (redis.call('GET', pages) or '0') ~= ARGV[5] then return 'ahead' end
redis.call('DEL', pages)
local cursor = state[2]
if not cursor or newer(ARGV[6], cursor) then redis.call('HSET', KEYS[1], 'cursor', ARGV[6]) end
raise_highest(KEYS[1], ARGV[6])
redis.call('HSET', KEYS[1], 'complete', 1, 'listed', ARGV[9])

-- A plan concludes nothing from an incomplete source; now it may.
if state[4] ~= '1' then
  local entry = redis.call('XADD', LOG, '*', 's', source, 'e', ARGV[3], 'o', '/', 'r', ARGV[6], 'k', 'note', 'b', '', 'w', '')
  each_line(ARGV[10], function(pattern) redis.call('RPUSH', PATTERNS, entry .. '  ' .. pattern) end)
end

-- Old tombstones go; the floor keeps their memory: nothing at or below it is believed but by a list as new as the floor.
local floor, tombstones = state[3] or '0', source_tombstones(source)
local excess = redis.call('ZCARD', tombstones) - tonumber(ARGV[7])
if excess > 0 then
  for _, object in ipairs(redis.call('ZRANGE', tombstones, 0, excess - 1)) do
    local meta = redis.call('HGET', source_meta(source), object)
    local epoch, revision = string.match(meta or '', '^(%d+) (%d+)')
    if epoch == ARGV[3] and newer(revision, floor) then floor = revision end
    redis.call('HDEL', source_meta(source), object)
    redis.call('ZREM', tombstones, object)
  end
  redis.call('HSET', KEYS[1], 'floor', floor)
end
return 'ok'
