-- Spreads calls so that no second has more than allowed; a caller that has to wait learns when its turn comes.
-- KEYS  1 when the next call is free (µs)  2 waiting callers, by their turn (µs)
-- A     intervalUs (between two calls), burst (calls at the same time after a rest), forgetUs (after its turn an absent caller is forgotten)
--       callers
-- Returns for each caller 0, or the ms until its turn.
-- A turn is not a call: a late caller finds other calls before its own, and the rate holds. A caller with a turn goes before one without, so
-- every caller is served, whichever process it is in.
local interval, burst, forget = A.intervalUs, A.burst, A.forgetUs
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000000 + tonumber(clock[2])
local free = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now - interval * (burst - 1))
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - forget)

local function text(number) return string.format('%.0f', number) end
local function until_time(time) return math.max(1, math.ceil((time - now) / 1000)) end

-- A caller without a turn goes after all that have one. Some of those may never come, so what is free beyond their number is for all.
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
    -- Late, like all before it: they follow one another, and none goes to the end of the queue.
    return until_time(math.max(free, now) + interval * redis.call('ZRANK', KEYS[2], caller))
  end
  local last = redis.call('ZRANGE', KEYS[2], -1, -1, 'WITHSCORES')[2]
  local mine = math.max(free, now, tonumber(last or '0') + interval)
  redis.call('ZADD', KEYS[2], text(mine), caller)
  return until_time(mine)
end

local waits = {}
for i, caller in ipairs(A.callers) do waits[i] = take(caller) end
-- Both expire when there has been no call for a while.
redis.call('SET', KEYS[1], text(free), 'PX', 60000)
redis.call('PEXPIRE', KEYS[2], 600000)
return waits
