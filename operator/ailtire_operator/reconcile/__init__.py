"""Where the pure parts meet the cluster: a queue of stacks to reconcile, and what one reconcile does."""
