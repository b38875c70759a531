-- Reads all that a plan needs, in one step: the key's own objects with their bodies, and its neighbours' facts.
-- KEYS 1 the objects that the key owns
-- ARGV 1 prefix  2 form of the caller  3 number of sources  4.. sources whose state is asked  then `source namespace` of facts
-- Returns {status, own, sources, facts}
--   own      flat: source, object, epoch+revision, body          sources  flat: epoch, cursor, complete for each asked
--   facts    one flat list of name, facts for each asked
--   status   ok, or form (a source is kept in another form than the caller's)
local form, count = ARGV[2], tonumber(ARGV[3])
local sources, own, facts = {}, {}, {}
for i = 4, 3 + count do
  local state = redis.call('HMGET', source_state(ARGV[i]), 'epoch', 'cursor', 'complete', 'form')
  if state[4] and state[4] ~= form then return { 'form' } end
  sources[#sources + 1] = state[1] or ''
  sources[#sources + 1] = state[2] or ''
  sources[#sources + 1] = state[3] or '0'
end
for _, member in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  local source, object = string.match(member, '^(%S+) (.+)$')
  local stored = redis.call('HGET', source_view(source), object)
  if stored then
    own[#own + 1] = source
    own[#own + 1] = object
    own[#own + 1] = stored
  end
end
for i = 4 + count, #ARGV do
  local source, namespace = string.match(ARGV[i], '^(%S+) (.*)$')
  facts[#facts + 1] = redis.call('HGETALL', source_facts(source, namespace))
end
return { 'ok', own, sources, facts }
