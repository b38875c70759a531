-- Holds up a mass deletion: one VModel is about to be deleted because the view has no object for it, and the view may be wrong.
-- KEYS  1 deletions of the namespace within the window  2 its brake  3 the state of the source whose absence is believed
--       4 the index of the namespace's VModels
-- A     id (of this deletion), now (ms), windowMs, least (number), sharePercent
-- Returns go | wait | held: `held` is the `wait` that closes the brake and requests a list of the source
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', A.now - A.windowMs)
local recent = redis.call('ZCARD', KEYS[1])
local going, total = recent + 1, redis.call('ZCARD', KEYS[4]) + recent
local function go()
  redis.call('ZADD', KEYS[1], A.now, A.id)
  redis.call('PEXPIRE', KEYS[1], A.windowMs)
  return 'go'
end
if going < A.least or going * 100 <= total * A.sharePercent then
  redis.call('DEL', KEYS[2])
  return go()
end
local closed = redis.call('GET', KEYS[2])
if not closed then
  redis.call('SET', KEYS[2], A.now, 'PX', 3600000)
  redis.call('HSET', KEYS[3], 'wanted', A.now)
  return 'held'
end
-- A list that began after the brake closed shows the same absence: the deletions are meant.
if tonumber(redis.call('HGET', KEYS[3], 'listed') or '0') > tonumber(closed) then return go() end
return 'wait'
