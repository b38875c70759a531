-- Reads all that a plan needs, in one step: the key's own objects with their bodies, and its neighbours' facts.
-- KEYS 1 the objects that the key owns
-- ARGV 1 prefix  2 form of the caller  then questions: `s source`, `f source namespace`, `n source object` (one object's facts), `o source object`, `i index`,
--        `x source object field` (the index that this field of the object's facts names), `u source other-source other-object field namespace`
--        (facts of a namespace, which are not wanted if the index that a field of the other object's facts names has members)
-- Returns {status, objects, sources, facts, indexes}
--   objects  flat: source, object, `revision body`; own ones and those asked for
--   sources  flat: epoch, cursor, complete for each asked     facts, indexes  one list for each asked
--   status   ok, or form (a source is kept in another form than the caller's)
local form = ARGV[2]
local objects, sources, facts, indexes = {}, {}, {}, {}

local function add_object(source, object)
  local stored = redis.call('HGET', source_view(source), object)
  if not stored then return end
  objects[#objects + 1] = source
  objects[#objects + 1] = object
  objects[#objects + 1] = stored
end

-- False when the source is kept in another form.
local function add_source(source)
  local state = redis.call('HMGET', source_state(source), 'epoch', 'cursor', 'complete', 'form')
  for i = 1, 3 do sources[#sources + 1] = state[i] or '' end
  return not state[4] or state[4] == form
end

-- The index that a field of an object's facts names.
local function index_in(source, namespace, name, field)
  local found = redis.call('HGET', source_facts(source, namespace), name)
  local index = found and cjson.decode(found)[field]
  return index and index_members(index)
end

for _, member in ipairs(redis.call('SMEMBERS', KEYS[1])) do add_object(string.match(member, '^(%S+) (.+)$')) end
for i = 3, #ARGV do
  local kind, first, second = string.match(ARGV[i], '^(%a) (%S+) ?(.*)$')
  if kind == 's' then
    if not add_source(first) then return { 'form' } end
  elseif kind == 'o' then
    add_object(first, second)
  elseif kind == 'f' then
    facts[#facts + 1] = redis.call('HGETALL', source_facts(first, second))
  elseif kind == 'n' then
    local namespace, name = string.match(second, '^([^/]*)/(.*)$')
    local found = redis.call('HGET', source_facts(first, namespace), name)
    facts[#facts + 1] = found and { name, found } or {}
  elseif kind == 'x' then
    local namespace, name, field = string.match(second, '^([^/]*)/(.*) (%S+)$')
    local index = index_in(first, namespace, name, field)
    indexes[#indexes + 1] = index and redis.call('ZRANGE', index, 0, -1) or {}
  elseif kind == 'u' then
    local other, space, name, field, namespace = string.match(second, '^(%S+) ([^/]*)/(.*) (%S+) (%S*)$')
    local index = index_in(other, space, name, field)
    local wanted = not index or redis.call('EXISTS', index) == 0
    facts[#facts + 1] = wanted and redis.call('HGETALL', source_facts(first, namespace)) or {}
  else
    indexes[#indexes + 1] = redis.call('ZRANGE', index_members(first), 0, -1)
  end
end
return { 'ok', objects, sources, facts, indexes }
