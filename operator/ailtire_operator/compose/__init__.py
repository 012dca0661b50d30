"""Swarm's side: Ailtire applications into AiltireStacks, AiltireStacks into Compose files. Pure, but for files.py."""
