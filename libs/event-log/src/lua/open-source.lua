-- Opens a source for a caller that has just read the server's head revision and identity; starts the next epoch where needed.
-- KEYS  1 the source's state
-- A     source, identity, head, form, seen {epoch, highest} (stored before that read; '' for none), now (ms), lockDurationMs
-- Returns {status, epoch, cursor, complete (0|1)}
--   status  ok
--           wait   Redis is new, and workers may still hold runs from before: `epoch` is the time to wait, ms
--           moved  another process has opened an epoch in the meantime: read again
--           form   a newer program owns the view
local state = redis.call('HMGET', KEYS[1], 'epoch', 'identity', 'form', 'cursor', 'complete')
local epoch, known_identity, known_form = state[1], state[2], state[3]
local form = tostring(A.form)

if (epoch or '') ~= A.seen.epoch then return { 'moved' } end
if not epoch then
  redis.call('SET', P .. ':born', A.now, 'NX')
  local left = tonumber(redis.call('GET', P .. ':born')) + A.lockDurationMs - A.now
  if left > 0 then return { 'wait', tostring(left) } end
end
if known_form and newer(known_form, form) then return { 'form' } end

local restored = A.seen.highest ~= '' and newer(A.seen.highest, A.head)
if epoch and A.identity == known_identity and form == known_form and not restored then
  return { 'ok', epoch, state[4] or '', tonumber(state[5] or '0') }
end
-- The first epoch is a time, so that no epoch of a lost Redis is used again.
local next_epoch = epoch and string.format('%.0f', tonumber(epoch) + 1) or string.format('%.0f', A.now)
redis.call('HSET', KEYS[1], 'epoch', next_epoch, 'identity', A.identity, 'form', form, 'complete', 0, 'floor', '0')
redis.call('HDEL', KEYS[1], 'cursor', 'highest')
redis.call('SADD', P .. ':sources', A.source)
return { 'ok', next_epoch, '', 0 }
