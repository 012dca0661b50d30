"""Who waits for whom, before Docker Compose looks: it follows every path, of which a few services can have millions."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ailtire_operator.compose.errors import ApplicationError

_PATHS_LIMIT: Final = 200_000
_SPACES: Final = ("network_mode", "ipc", "pid")
_SERVICE: Final = "service:"


def check(projects: Iterable[Mapping[str, Any]]) -> None:
    """Raises ApplicationError where the services of all files together depend on each other in too many ways.

    A circle is Docker Compose's to find, which it does at once.
    """
    graph: dict[str, set[str]] = {}
    for services in projects:
        for key, service in services.items():
            if isinstance(service, dict):
                graph.setdefault(key, set()).update(_needed(service))
    counts: dict[str, int] = {}
    for key in graph:
        if _paths(key, graph, counts) > _PATHS_LIMIT:
            message = f"services.{key} depends on others in more than {_PATHS_LIMIT:,} ways"
            raise ApplicationError(f"{message}; leave out of depends_on what others wait for already")


def _needed(service: Mapping[str, Any]) -> set[str]:
    """The services that one waits for, said outright or not."""
    names = [each for key in ("depends_on", "links", "volumes_from") for each in _names(service.get(key))]
    spaces = [service.get(key) for key in _SPACES]
    names += [each.removeprefix(_SERVICE) for each in spaces if isinstance(each, str) and each.startswith(_SERVICE)]
    return {each.partition(":")[0] for each in names}


def _names(value: Any) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list | dict) else []


def _paths(start: str, graph: Mapping[str, set[str]], counts: dict[str, int]) -> int:
    """The number of ways down from a service, without recursion; one that leads back to where it came from is none."""
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
