-- Goes on with patterns that a record call could not finish.
-- KEYS 1 the patterns   ARGV 1 prefix  2 deduplication prefix  3 now  4 budget
-- Returns {pending (0|1), key...}
local marked = {}
local pending = expand_patterns(ARGV[3], tonumber(ARGV[4]), marked)
local result = { pending and 1 or 0 }
for _, key in ipairs(marked) do
  if wants_queueing(ARGV[2], key) then result[#result + 1] = key end
end
return result
