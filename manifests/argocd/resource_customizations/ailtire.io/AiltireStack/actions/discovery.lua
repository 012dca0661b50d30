-- Only a root can be edited: a child is written by its parent, and a template never runs.
local actions = {}
local editable = obj.spec.place == nil and obj.spec.templateOnly ~= true and obj.spec.template ~= true
local stopped = obj.spec.stopped == true
local suspended = obj.spec.suspend == true

actions["restart"] = {["disabled"] = not editable or stopped or suspended, ["displayName"] = "Restart"}
actions["stop"] = {["disabled"] = not editable or stopped, ["displayName"] = "Stop"}
actions["start"] = {["disabled"] = not editable or not stopped, ["displayName"] = "Start"}
actions["suspend"] = {["disabled"] = not editable or suspended, ["displayName"] = "Suspend the operator's work"}
actions["resume"] = {["disabled"] = not editable or not suspended, ["displayName"] = "Resume the operator's work"}
return actions
