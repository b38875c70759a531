-- Continues with patterns that a record call did not finish.
-- KEYS  1 the patterns
-- A     queue, now (ms), budget (keys at most)
-- Returns {pending (0|1), key...}
local marked = {}
local pending = expand_patterns(A.now, A.budget, marked)
local result = { pending and 1 or 0 }
for _, key in ipairs(marked) do
  if wants_queueing(key) then result[#result + 1] = key end
end
return result
