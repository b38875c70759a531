-- Reads everything that a plan needs in one step: the key's own objects with their bodies, and its neighbours' facts.
-- KEYS  1 the objects that the key owns
-- A     form (of the caller)
--       sources      names
--       objects      {source, namespace, name}
--       facts        {source, namespace, name?, unless?}: the facts of a namespace, or of one object; empty if the index that `unless` refers
--                    to has members
--       indexes      names
--       factIndexes  {source, namespace, name, field}: refers to the index that this field of the object's facts names
-- Returns {status, objects, sources, facts, indexes}
--   status   ok, or form (a source is kept in another form than the caller's)
--   objects  flat: source, object, `revision body`; own ones and requested ones
--   sources  flat: epoch, cursor, complete of each     facts, indexes  one list for each, those of factIndexes last
local objects, sources, facts, indexes = {}, {}, {}, {}

local function add_object(source, object)
  local stored = redis.call('HGET', source_view(source), object)
  if not stored then return end
  objects[#objects + 1] = source
  objects[#objects + 1] = object
  objects[#objects + 1] = stored
end

local function referred_index(ref)
  local found = redis.call('HGET', source_facts(ref.source, ref.namespace), ref.name)
  local index = found and cjson.decode(found)[ref.field]
  return index and index_members(index)
end

local function read_facts(wanted)
  local stored = source_facts(wanted.source, wanted.namespace)
  if wanted.unless then
    local index = referred_index(wanted.unless)
    if index and redis.call('EXISTS', index) == 1 then return {} end
  end
  if not wanted.name then return redis.call('HGETALL', stored) end
  local found = redis.call('HGET', stored, wanted.name)
  return found and { wanted.name, found } or {}
end

for _, source in ipairs(A.sources) do
  local state = redis.call('HMGET', source_state(source), 'epoch', 'cursor', 'complete', 'form')
  if state[4] and tonumber(state[4]) ~= A.form then return { 'form' } end
  for i = 1, 3 do sources[#sources + 1] = state[i] or '' end
end
for _, member in ipairs(redis.call('SMEMBERS', KEYS[1])) do add_object(string.match(member, '^(%S+) (.+)$')) end
for _, object in ipairs(A.objects) do add_object(object.source, object.namespace .. '/' .. object.name) end
for i, wanted in ipairs(A.facts) do facts[i] = read_facts(wanted) end
for i, index in ipairs(A.indexes) do indexes[i] = redis.call('ZRANGE', index_members(index), 0, -1) end
for _, ref in ipairs(A.factIndexes) do
  local index = referred_index(ref)
  indexes[#indexes + 1] = index and redis.call('ZRANGE', index, 0, -1) or {}
end
return { 'ok', objects, sources, facts, indexes }
