-- Finds what a dying process left: keys past their deadline that no job stands for.
-- KEYS 1 the due keys   ARGV 1 prefix  2 deduplication prefix  3 now  4 keys at most  5 ms until the next sweep
-- Returns {swept (0|1), key...}; one sweep at a time for all processes.
if not redis.call('SET', ARGV[1] .. ':sweep', '1', 'NX', 'PX', ARGV[5]) then return { 0 } end
local result, offset, most = { 1 }, 0, tonumber(ARGV[4])
while offset < 20000 and #result <= most do
  local keys = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[3], 'LIMIT', offset, 1000)
  for _, key in ipairs(keys) do
    if redis.call('EXISTS', ARGV[2] .. key) == 0 then result[#result + 1] = key end
  end
  if #keys < 1000 then break end
  offset = offset + 1000
end
return result
