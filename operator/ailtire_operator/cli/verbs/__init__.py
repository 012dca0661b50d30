"""One command a file. Each has ``register(app)``, which names it and writes its help."""
