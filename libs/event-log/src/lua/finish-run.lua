-- Ends a run: what it has seen is done; what came meanwhile stays due.
-- KEYS 1 the key's state  2 the due keys
-- ARGV 1 prefix  2 key  3 job id  4 lock prefix  5 token  6 due count at begin  7 fencing token  8 ok (0|1)
--      9 deadline (ms; 0 for none)  10 error  11 gone (0|1): nothing is left to do for this key, forget it  12 now
--      13 memory for the next run, behind a `=`; empty leaves what is there
-- Returns {status, behind, failures}: ok, or lost (another run owns the key: nothing was recorded)
local state, due, key = KEYS[1], KEYS[2], ARGV[2]
if redis.call('GET', ARGV[4] .. ARGV[3] .. ':lock') ~= ARGV[5] or redis.call('HGET', state, 'q') ~= ARGV[7] then
  return { 'lost', 0, 0 }
end
redis.call('HDEL', state, 'r')
if ARGV[13] == '=' then
  redis.call('HDEL', state, 'm')
elseif ARGV[13] ~= '' then
  redis.call('HSET', state, 'm', string.sub(ARGV[13], 2))
end
local behind = tonumber(redis.call('HGET', state, 'g') or '0') - tonumber(ARGV[6])
local failures = 0
if ARGV[8] == '1' then
  redis.call('HSET', state, 'd', ARGV[6])
  redis.call('HDEL', state, 'f', 'e', 'b')
else
  failures = redis.call('HINCRBY', state, 'f', 1)
  redis.call('HINCRBY', state, 'b', 1)
  redis.call('HSET', state, 'e', ARGV[10])
end
if behind > 0 then
  redis.call('ZADD', due, 'LT', ARGV[12], key)
  redis.call('HSET', state, 't', ARGV[12])
elseif ARGV[9] ~= '0' then
  redis.call('ZADD', due, ARGV[9], key)
  if ARGV[8] == '1' then redis.call('HDEL', state, 't') end
else
  redis.call('ZREM', due, key)
  redis.call('HDEL', state, 't')
  if ARGV[11] == '1' then redis.call('DEL', state) end
end
return { 'ok', behind, failures }
