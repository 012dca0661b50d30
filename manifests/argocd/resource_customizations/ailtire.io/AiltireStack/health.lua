-- The health of an AiltireStack, by the conditions that its operator writes. Degraded: somebody has to act, here or in
-- a stack below. An image that cannot be pulled yet is Progressing, with that as its message.
if obj.metadata.deletionTimestamp ~= nil then
  return { status = "Progressing", message = "is being deleted" }
end
if obj.status == nil or obj.status.conditions == nil then
  return { status = "Progressing", message = "waits for the operator's first status" }
end
if obj.status.observedGeneration ~= obj.metadata.generation then
  return { status = "Progressing", message = "waits for the operator to read the new definition" }
end

local holds = {}
local ready = nil
for _, condition in ipairs(obj.status.conditions) do
  if condition.status == "True" then
    holds[condition.type] = condition
  end
  if condition.type == "Ready" then
    ready = condition
  end
end

local function told(condition)
  local message = condition.message
  if message == nil or message == "" then
    return condition.reason
  end
  return message
end

if holds.Suspended ~= nil then
  return { status = "Suspended", message = told(holds.Suspended) }
end
if holds.Stalled ~= nil then
  return { status = "Degraded", message = told(holds.Stalled) }
end
if holds.Ready ~= nil then
  if holds.Stopped ~= nil then
    return { status = "Suspended", message = told(holds.Stopped) }
  end
  return { status = "Healthy", message = told(holds.Ready) }
end
if ready ~= nil then
  return { status = "Progressing", message = told(ready) }
end
return { status = "Progressing", message = "waits for the operator's first status" }
