"""Limits the paths through ``depends_on`` before Docker Compose runs, which follows each of possibly millions."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ailtire_operator.compose.errors import ApplicationError

_PATHS_LIMIT: Final = 200_000
_SPACES: Final = ("network_mode", "ipc", "pid")
_SERVICE: Final = "service:"


def check(projects: Iterable[Mapping[str, Any]]) -> None:
    """Raise ApplicationError if the dependencies of all files together have too many paths.

    Cycles are left to Docker Compose, which finds them immediately.
    """
    graph: dict[str, set[str]] = {}
    for services in projects:
        for key, service in services.items():
            if isinstance(service, dict):
                graph.setdefault(key, set()).update(_needed(service))
    counts: dict[str, int] = {}
    for key in graph:
        if _paths(key, graph, counts) > _PATHS_LIMIT:
            message = f"services.{key} has more than {_PATHS_LIMIT:,} paths of dependencies"
            raise ApplicationError(f"{message}; remove transitive dependencies from depends_on")


def _needed(service: Mapping[str, Any]) -> set[str]:
    """The services that one depends on, explicitly or implicitly."""
    names = [each for key in ("depends_on", "links", "volumes_from") for each in _names(service.get(key))]
    spaces = [service.get(key) for key in _SPACES]
    names += [each.removeprefix(_SERVICE) for each in spaces if isinstance(each, str) and each.startswith(_SERVICE)]
    return {each.partition(":")[0] for each in names}


def _names(value: Any) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list | dict) else []


def _paths(start: str, graph: Mapping[str, set[str]], counts: dict[str, int]) -> int:
    """The number of paths from a service, without recursion; edges that close a cycle are not counted."""
    under_way: dict[str, None] = {}
    waiting = [start]
    while waiting:
        key = waiting[-1]
        below = graph.get(key, set())
        open_ends = [] if key in under_way else [each for each in below if each not in counts and each not in under_way]
        under_way[key] = None
        if open_ends:
            waiting += open_ends
            continue
        waiting.pop()
        counts[key] = 1 + sum(counts.get(each, 0) for each in below)
    return counts[start]
