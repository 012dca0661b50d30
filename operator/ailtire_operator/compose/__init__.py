"""Translates Ailtire applications and Compose files into AiltireStacks, and AiltireStacks into Compose files."""
