"""Where the pure parts meet the cluster: a queue of stacks to look at, and what one look does."""
