-- Lets callers call so often that no second has more calls than it may have; who has to wait is told when its turn comes.
-- KEYS 1 when the next call is free (µs)  2 those who wait, by their turn (µs)
-- ARGV 1 prefix  2 µs between two calls  3 calls that may come at once after a rest  4 µs after its turn when a caller is forgotten
--      then the callers
-- Returns for each caller 0, or the ms until its turn.
-- A turn is no call: whoever comes late finds others' calls before its own, and the rate holds. But who has a turn comes before who has
-- none, so that everybody is served, whichever process asks for it.
local interval, burst, forget = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000000 + tonumber(clock[2])
local free = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now - interval * (burst - 1))
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - forget)

local function text(number) return string.format('%.0f', number) end
local function until_time(time) return math.max(1, math.ceil((time - now) / 1000)) end

-- Who has no turn comes after all that have one. Some of those may never come, so what is free beyond their number is for all.
local function has_room()
  local ripe = redis.call('ZCOUNT', KEYS[2], '-inf', now)
  return redis.call('ZCARD', KEYS[2]) == ripe and (now - free) / interval + 1 > ripe
end

local function take(caller)
  local turn = tonumber(redis.call('ZSCORE', KEYS[2], caller) or '0')
  if turn > now then return until_time(turn) end
  if free <= now and (turn > 0 or has_room()) then
    free = free + interval
    if turn > 0 then redis.call('ZREM', KEYS[2], caller) end
    return 0
  end
  if turn > 0 then
    -- Late, like all before it: they come one after the other, and none goes to the end of the queue.
    return until_time(math.max(free, now) + interval * redis.call('ZRANK', KEYS[2], caller))
  end
  local last = redis.call('ZRANGE', KEYS[2], -1, -1, 'WITHSCORES')[2]
  local mine = math.max(free, now, tonumber(last or '0') + interval)
  redis.call('ZADD', KEYS[2], text(mine), caller)
  return until_time(mine)
end

local waits = {}
for i = 5, #ARGV do waits[#waits + 1] = take(ARGV[i]) end
-- Both go when nobody has called for a while.
redis.call('SET', KEYS[1], text(free), 'PX', 60000)
redis.call('PEXPIRE', KEYS[2], 600000)
return waits
