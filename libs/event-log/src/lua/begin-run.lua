-- Begins the one run of a key.
-- KEYS  1 the key's state  2 the due keys
-- A     queue, key, job, token (of the job's lock), forced (boolean)
-- Returns {status, due count, fencing token, failures, streak, marked at, memory, entry...}
--   status  ok
--           lost  the job's lock is no longer ours
--           busy  another live run holds the key
--           idle  nothing is due
--   streak  failures since the last mark     memory  what the last run left     entry  log entries of the marks since the last finished run
-- The key's state is a hash: marks, markedAt, done (marks that the last finished run has seen), runs (the fencing token), running (the job),
-- seen (marks at the start of the last run), failures, streak, error, memory.
local state = KEYS[1]
if not holds_lock(A.job, A.token) then return { 'lost' } end
local holder = redis.call('HGET', state, 'running')
if holder and holder ~= A.job and is_active(holder) then return { 'busy' } end
local stored = redis.call('HMGET', state, 'marks', 'done', 'failures', 'markedAt', 'memory', 'seen', 'streak')
local marks, done = tonumber(stored[1] or '0'), tonumber(stored[2] or '0')
if not A.forced and not holder and done >= marks and not redis.call('ZSCORE', KEYS[2], A.key) then return { 'idle' } end
local token = redis.call('HINCRBY', state, 'runs', 1)
-- A mark is news: the obstacle may be gone, so the back-off starts again.
local streak = tonumber(stored[7] or '0')
if marks > tonumber(stored[6] or '0') then streak = 0 end
redis.call('HSET', state, 'running', A.job, 'seen', marks, 'streak', streak)
local result = { 'ok', marks, token, tonumber(stored[3] or '0'), streak, stored[4] or '', stored[5] or '' }
local unseen = math.min(marks - done, 32)
if unseen > 0 then
  for _, entry in ipairs(redis.call('LRANGE', key_history(A.key), 0, unseen - 1)) do result[#result + 1] = entry end
end
return result
