-- Begins the one run of a key.
-- KEYS 1 the key's state  2 the due keys
-- ARGV 1 prefix  2 key  3 job id  4 lock prefix of the queue  5 token  6 forced (0|1)
-- Returns {status, g, q, f, b, t, m, entry...}: ok with the due count, the fencing token, the failures in a row, those of them since
-- the last mark, the time of the first mark, what the last run left, and the log entries of the marks since the last finished run; or
--   lost   the job's lock is not ours any more     busy  another live run holds the key     idle  nothing is due
local state, key, job, lock = KEYS[1], ARGV[2], ARGV[3], ARGV[4]
if redis.call('GET', lock .. job .. ':lock') ~= ARGV[5] then return { 'lost' } end
local holder = redis.call('HGET', state, 'r')
if holder and holder ~= job and redis.call('EXISTS', lock .. holder .. ':lock') == 1 then return { 'busy' } end
local counts = redis.call('HMGET', state, 'g', 'd', 'f', 't', 'm', 's', 'b')
local g, d = tonumber(counts[1] or '0'), tonumber(counts[2] or '0')
if ARGV[6] == '0' and not holder and d >= g and not redis.call('ZSCORE', KEYS[2], key) then return { 'idle' } end
local q = redis.call('HINCRBY', state, 'q', 1)
-- A mark is news: whatever stood in the way may be gone, so the back-off begins anew.
local streak = tonumber(counts[7] or '0')
if g > tonumber(counts[6] or '0') then streak = 0 end
redis.call('HSET', state, 'r', job, 's', g, 'b', streak)
local result = { 'ok', g, q, tonumber(counts[3] or '0'), streak, counts[4] or '', counts[5] or '' }
local marks = math.min(g - d, 32)
if marks > 0 then
  for _, entry in ipairs(redis.call('LRANGE', key_history(key), 0, marks - 1)) do result[#result + 1] = entry end
end
return result
