"""An operator of before, replaced by this one while trees run: what it writes, and whether a pod restarts."""
