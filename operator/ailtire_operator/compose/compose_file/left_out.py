"""Removes services from a project, and the networks, volumes and files that only they use."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

_SECTIONS: Final = ("networks", "volumes", "configs", "secrets")


def without(project: Mapping[str, Any], services: Collection[str]) -> dict[str, Any]:
    """The project in canonical form without these services."""
    found: Mapping[str, Any] = project.get("services") or {}
    kept = {key: service for key, service in found.items() if key not in services}
    result = {**project, "services": kept}
    for section in _SECTIONS:
        gone = {each for key in services for each in _used(found[key], section)}
        gone -= {each for service in kept.values() for each in _used(service, section)}
        if section in project:
            result[section] = {key: each for key, each in (project[section] or {}).items() if key not in gone}
    return result


def _used(service: Mapping[str, Any], section: str) -> Iterator[str]:
    """The keys of a section that a service uses."""
    used = service.get(section) or ()
    for each in used:
        if isinstance(each, str):  # the networks, by key
            yield each
        elif section != "volumes" or each.get("type") == "volume":
            yield str(each.get("source"))
