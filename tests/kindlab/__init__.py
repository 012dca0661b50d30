"""Real nodes for the end-to-end tests: Docker Engine, kind, images of our own, and a Swarm on the same engine."""
