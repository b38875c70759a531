-- Opens a source for one who has just read the server's head revision and identity; starts its next epoch where needed.
-- KEYS  1 the source's state
-- ARGV  1 prefix  2 identity  3 head  4 form  5 epoch seen before that read ('' for none)  6 highest revision known before it
--       7 now (ms)  8 lock duration (ms)
-- Returns {status, epoch, cursor, complete (0|1)}: ok, or
--   wait  Redis is new and workers of its former life may still hold a run: `epoch` is the time to wait, in ms
--   moved somebody else opened an epoch since: read again     form  a newer program owns the view
local identity, head, form = ARGV[2], ARGV[3], ARGV[4]
local seen_epoch, seen_highest, now, lock = ARGV[5], ARGV[6], tonumber(ARGV[7]), tonumber(ARGV[8])
local state = redis.call('HMGET', KEYS[1], 'epoch', 'identity', 'form', 'cursor', 'complete')
local epoch, known_identity, known_form = state[1], state[2], state[3]

if (epoch or '') ~= seen_epoch then return { 'moved' } end
if not epoch then
  redis.call('SET', P .. ':born', now, 'NX')
  local left = tonumber(redis.call('GET', P .. ':born')) + lock - now
  if left > 0 then return { 'wait', tostring(left) } end
end
if known_form and newer(known_form, form) then return { 'form' } end

local restored = seen_highest ~= '' and newer(seen_highest, head)
if epoch and identity == known_identity and form == known_form and not restored then
  return { 'ok', epoch, state[4] or '', tonumber(state[5] or '0') }
end
-- The first epoch is a time, so that no epoch of a lost Redis comes again.
local next_epoch = epoch and string.format('%.0f', tonumber(epoch) + 1) or string.format('%.0f', now)
redis.call('HSET', KEYS[1], 'epoch', next_epoch, 'identity', identity, 'form', form, 'complete', 0, 'floor', '0')
redis.call('HDEL', KEYS[1], 'cursor', 'highest')
redis.call('SADD', P .. ':sources', string.sub(KEYS[1], #P + 9))
return { 'ok', next_epoch, '', 0 }
