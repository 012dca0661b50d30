"""Exports the ``swarm`` profile: Compose files for ``docker stack deploy`` that do not need Ailtire. Pure."""
