"""Imports Compose files, in the canonical form that Docker Compose resolves them to.

::

    docker_compose  runs Docker Compose, bounded in time and memory
    source_files    the original files: checks their paths, reports keys that the canonical form lost
    entry           reads the canonical form; keys that are not read are reported by the key table
    project         a whole project: services, container, … each map one concern of it
"""
