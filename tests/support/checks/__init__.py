"""Commands as users type them, costs, lock files, patterns and threads."""
