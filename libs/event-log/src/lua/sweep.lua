-- Finds what a dying process left: keys past their deadline that no job represents. One sweep at a time for all processes.
-- KEYS  1 the due keys
-- A     queue, now (ms), limit (keys at most), intervalMs (until the next sweep)
-- Returns {swept (0|1), key...}
if not redis.call('SET', P .. ':sweep', '1', 'NX', 'PX', A.intervalMs) then return { 0 } end
local result, offset = { 1 }, 0
while offset < 20000 and #result <= A.limit do
  local keys = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', A.now, 'LIMIT', offset, 1000)
  for _, key in ipairs(keys) do
    if not job_of(key) then result[#result + 1] = key end
  end
  if #keys < 1000 then break end
  offset = offset + 1000
end
return result
