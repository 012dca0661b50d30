"""The store and decisions of the operator without a cluster, and virtual time."""
