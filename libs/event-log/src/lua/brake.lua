-- Holds up a mass deletion: one VModel is about to go because the view shows no object for it, and the view may be wrong.
-- KEYS 1 deletions of the namespace within the window  2 its brake  3 the state of the source whose absence is believed
--      4 the index of the namespace's VModels
-- ARGV 1 prefix  2 now (ms)  3 id of this deletion  4 window (ms)  5 least number  6 share (percent)
-- Returns go | wait | held: the last is the `wait` that closes the brake, and asks for a list of the source
local now = tonumber(ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[4]))
local going = redis.call('ZCARD', KEYS[1]) + 1
local total = redis.call('ZCARD', KEYS[4]) + redis.call('ZCARD', KEYS[1])
local function go()
  redis.call('ZADD', KEYS[1], now, ARGV[3])
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
  return 'go'
end
if going < tonumber(ARGV[5]) or going * 100 <= total * tonumber(ARGV[6]) then
  redis.call('DEL', KEYS[2])
  return go()
end
local closed = redis.call('GET', KEYS[2])
if not closed then
  redis.call('SET', KEYS[2], ARGV[2], 'PX', 3600000)
  redis.call('HSET', KEYS[3], 'wanted', ARGV[2])
  return 'held'
end
-- A list that began after the brake closed has seen the same: it is meant.
if tonumber(redis.call('HGET', KEYS[3], 'listed') or '0') > tonumber(closed) then return go() end
return 'wait'
