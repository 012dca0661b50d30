"""Finds the lowest version of the file format for a document, as older clients refuse newer ones.

Source: Docker's schemas 3.0 to 3.13 (cli/compose/schema in github.com/docker/cli). Keys that are not listed were in
3.0.
"""

from collections.abc import Iterator
from typing import Any, Final

MINOR_VERSIONS: Final = {
    "configs": 3,
    "configs.*.name": 5,
    "configs.*.template_driver": 8,
    "networks.*.attachable": 2,
    "networks.*.name": 5,
    "secrets": 1,
    "secrets.*.name": 5,
    "services.*.configs": 3,
    "services.*.deploy.endpoint_mode": 2,
    "services.*.deploy.placement.max_replicas_per_node": 8,
    "services.*.deploy.placement.preferences": 3,
    "services.*.deploy.resources.limits.pids": 9,
    "services.*.deploy.resources.reservations.generic_resources": 5,
    "services.*.deploy.rollback_config": 7,
    "services.*.deploy.update_config.order": 4,
    "services.*.healthcheck.start_interval": 12,
    "services.*.healthcheck.start_period": 4,
    "services.*.init": 7,
    "services.*.ports[].target": 2,
    "services.*.secrets": 1,
    "services.*.volumes[].type": 2,
    "services.*.volumes[].tmpfs": 6,
    "volumes.*.name": 4,
}
"""The minor version by path, with ``*`` for a name that the author chooses."""
_NAMED: Final = frozenset({"services", "networks", "volumes", "configs", "secrets"})
"""Sections whose keys the author chooses."""


def lowest(document: dict[str, Any]) -> str:
    """The version."""
    return f"3.{max((MINOR_VERSIONS.get(path, 0) for path in _paths(document)), default=0)}"


def _paths(document: dict[str, Any]) -> Iterator[str]:
    for section in _NAMED & document.keys():
        yield section
        for entry in document[section].values():
            yield from _below(f"{section}.*", entry)


def _below(path: str, value: Any) -> Iterator[str]:
    yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _below(f"{path}.{key}", inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _below(f"{path}[]", inner)
