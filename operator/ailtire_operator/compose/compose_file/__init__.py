"""Compose files, in the one canonical form that Docker Compose itself makes of them, as AiltireStacks.

::

    docker_compose  runs Docker Compose, bounded in time and memory
    source_files    the files as their authors wrote them: what the canonical form has lost
    entry           reads the canonical form; what nobody takes is reported in the key table's words
    project         a whole project: services, container, … each map one concern of it
"""
