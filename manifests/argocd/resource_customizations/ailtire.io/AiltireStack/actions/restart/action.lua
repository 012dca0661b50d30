-- Replaces the pods of the whole tree as an update does, by updateConfig and in the order of dependsOn.
local os = require("os")
obj.spec.restartedAt = os.date("!%Y-%m-%dT%XZ")
return obj
