"""The ``swarm`` profile: Compose files that ``docker stack deploy`` takes, without anything of Ailtire's. Pure."""
