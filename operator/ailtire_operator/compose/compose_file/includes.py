"""Finds the paths of other files in a Compose file, as written."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Include:
    """One entry of ``include``."""

    paths: tuple[str, ...]
    """The files of the other project."""
    project: str
    """The project folder for their paths; empty for the folder of the first file."""
    variables: tuple[str, ...]
    """Files with its variables; without any, the ``.env`` of its folder."""


def included(value: Any) -> Iterator[Include]:
    """The entries, in every form of Compose, and tolerant of future ones."""
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, dict):
            project = each.get("project_directory")
            written = tuple(paths(each.get("path"))), tuple(paths(each.get("env_file")))
            yield Include(written[0], project if isinstance(project, str) else "", written[1])
        elif isinstance(each, str):
            yield Include((each,), "", ())


def paths(value: Any) -> Iterator[str]:
    """The paths in a text, a list of them, or a list of maps with a ``path``."""
    for each in value if isinstance(value, list) else [value]:
        path = each.get("path") if isinstance(each, dict) else each
        if isinstance(path, str):
            yield path
