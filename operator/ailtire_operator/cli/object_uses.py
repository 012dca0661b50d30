"""What in a tree uses a Secret or a ConfigMap, so that it runs with a new one only after a restart. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from ailtire_operator.cli.definition_edits import Plan
from ailtire_operator.cli.definition_places import Level, Place, subtree
from ailtire_operator.cli.failures import Failure, Missing
from ailtire_operator.cli.restarts import is_job, plan_restart
from ailtire_operator.cli.trees import Resource
from ailtire_operator.model.references import names_here
from ailtire_operator.status.text import listed

KINDS: Final = {
    "secret": "Secret",
    "secrets": "Secret",
    "configmap": "ConfigMap",
    "configmaps": "ConfigMap",
    "cm": "ConfigMap",
}
_FILES: Final = {"Secret": "secrets", "ConfigMap": "configs"}
"""The field with a stack's files, of the stack and of a service that mounts them."""
_PULL_SECRETS: Final = ("imagePullSecrets",)


@dataclass(slots=True)
class Uses:
    """What uses one object, at one stack."""

    services: list[str] = field(default_factory=list)
    """The keys of its services."""
    is_whole: bool = False
    """Whether every pod of the stack and below uses it."""
    others: list[str] = field(default_factory=list)
    """What reads it anew by itself."""


def plan_restart_using(places: Sequence[Place], used: str, now: datetime, stacks: Sequence[Resource]) -> Plan:
    """Restart what uses ``secret/NAME`` or ``configmap/NAME`` at these places and below. Raises Missing for nobody."""
    kind, name = parsed(used)
    found: list[Place] = []
    notes: list[str] = []
    for place in places:
        if any(_PULL_SECRETS in dict(_named(level, kind, name)) for level in place.levels):
            found.append(place)
            continue
        _add(place, kind, name, stacks, found, notes)
    if not found:
        where = listed([each.path for each in places])
        known = sorted(set(offered(places, stacks)))
        hint = f"What is used there: {listed(known, 12)}." if known else "Nothing there uses a Secret or a ConfigMap."
        raise Missing(f"nothing at {where} is to be restarted for {used}", "\n".join([*notes, hint]))
    return Plan(plan_restart(found, now, stacks).edits, notes=notes)


def parsed(used: str) -> tuple[str, str]:
    """Kind and name. Raises Failure for what is neither a Secret nor a ConfigMap."""
    kind, given, name = used.partition("/")
    if not given or not name or kind.lower() not in KINDS:
        raise Failure(f"--using: '{used}' is no Secret and no ConfigMap", "Write secret/NAME or configmap/NAME.")
    return KINDS[kind.lower()], name


def offered(places: Iterable[Place], stacks: Sequence[Resource]) -> Iterator[str]:
    """What can be named with --using there: the definitions say it, no Secret is read."""
    for place in places:
        above = [name for level in place.levels[:-1] for name in level.spec.get("imagePullSecrets") or ()]
        yield from (f"secret/{name}" for name in above)
        for here in [place] if place.key else subtree(place, stacks):
            for kind in _FILES:
                found = names_here(here.stack.spec, kind)
                yield from (f"{kind.lower()}/{name}" for path, name in found if not _is_read_anew(path))


def _add(place: Place, kind: str, name: str, stacks: Sequence[Resource], found: list[Place], notes: list[str]) -> None:
    live = {each["metadata"]["name"]: each for each in stacks}
    for here in [place] if place.key else subtree(place, stacks):
        level = here.stack
        uses = _uses(level, kind, name)
        if place.key:
            found += [place] if place.key in uses.services else []
            continue
        if uses.is_whole:
            found.append(here)
        notes += [f"{each} of {level.path} reads it anew by itself" for each in uses.others]
        for key in uses.services:
            path = f"{level.path}/{key}"
            if is_job(level.services[key], live.get(level.live), key):
                notes.append(f"{path} is a job: to run it again, name it")
            else:
                found.append(Place(here.levels, key))


def _uses(level: Level, kind: str, name: str) -> Uses:
    uses = Uses()
    files: set[str] = set()
    for path, _ in _named(level, kind, name):
        if path == _PULL_SECRETS:
            uses.is_whole = True
        elif path[0] == _FILES[kind]:
            files.add(path[1])
        elif _is_read_anew(path):
            uses.others.append("the gateway" if path[0] == "services" else "the edge")
        else:
            uses.services.append(path[1])
    for key, service in level.services.items():
        mounts = (service or {}).get(_FILES[kind]) or {}
        if any(((mount or {}).get("source") or each) in files for each, mount in mounts.items()):
            uses.services.append(key)
    uses.services = list(dict.fromkeys(uses.services))
    uses.others = list(dict.fromkeys(uses.others))
    return uses


def _is_read_anew(path: tuple[str, ...]) -> bool:
    """Whether the gateway or the edge's controller uses it, which read it whenever it changes."""
    return path[0] == "edge" or path[2:3] == ("policies",)


def _named(level: Level, kind: str, name: str) -> Iterator[tuple[tuple[str, ...], str]]:
    return ((path, found) for path, found in names_here(level.spec, kind) if found == name)
