-- Ends a run: the marks that it has seen are done, and later ones keep the key due.
-- KEYS  1 the key's state  2 the due keys
-- A     queue, key, job, token, dueCount (at the start), fencingToken, ok, error, now (ms)
--       deadline  when the key is due again without a mark, ms; 0 for never
--       gone      nothing is left to do for this key: forget it
--       memory    for the next run: '' forgets it, absent leaves it as it is
-- Returns {status, marks since the start, failures}: ok, or lost (another run owns the key, and nothing was recorded)
local state, due = KEYS[1], KEYS[2]
if not holds_lock(A.job, A.token) or tonumber(redis.call('HGET', state, 'runs') or '0') ~= A.fencingToken then
  return { 'lost', 0, 0 }
end
redis.call('HDEL', state, 'running')
if A.memory == '' then redis.call('HDEL', state, 'memory')
elseif A.memory then redis.call('HSET', state, 'memory', A.memory) end
local behind = tonumber(redis.call('HGET', state, 'marks') or '0') - A.dueCount
local failures = 0
if A.ok then
  redis.call('HSET', state, 'done', A.dueCount)
  redis.call('HDEL', state, 'failures', 'error', 'streak')
else
  failures = redis.call('HINCRBY', state, 'failures', 1)
  redis.call('HINCRBY', state, 'streak', 1)
  redis.call('HSET', state, 'error', A.error)
end
if behind > 0 then
  redis.call('ZADD', due, 'LT', A.now, A.key)
  redis.call('HSET', state, 'markedAt', A.now)
elseif A.deadline > 0 then
  redis.call('ZADD', due, A.deadline, A.key)
  if A.ok then redis.call('HDEL', state, 'markedAt') end
else
  redis.call('ZREM', due, A.key)
  redis.call('HDEL', state, 'markedAt')
  if A.gone then redis.call('DEL', state) end
end
return { 'ok', behind, failures }
