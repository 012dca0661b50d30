"""Which log explains why a service is not ready: whose it is, of which pod and container, of which run. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ailtire_operator.cli.failures import Failure
from ailtire_operator.cli.paths import PathTarget, follow
from ailtire_operator.cli.trees import Resource, blocker_of, services_of
from ailtire_operator.printable import line
from ailtire_operator.status.health import service_subject

Json = Mapping[str, Any]

_LINE_LIMIT: Final = 400
"""Characters that are shown of one line."""
_ENDED, _ENDED_BEFORE, _UNREADY = range(3)
"""What a container says of itself, the most telling first."""


@dataclass(frozen=True, slots=True)
class LogPlace:
    """Where the log is."""

    pod: str
    container: str
    previous: bool = False
    """Of the run before, as the container has started again or waits to."""


@dataclass(frozen=True, slots=True)
class LogExcerpt:
    """The end of a log."""

    path: str
    """Of the service, or of the stack whose gateway it is."""
    place: LogPlace
    lines: tuple[str, ...] = ()
    """Each without anything that a terminal would obey."""
    problem: str = ""
    """Why it could not be read."""

    def __str__(self) -> str:
        """The line in front of it."""
        where = f"pod {self.place.pod}, container {self.place.container}"
        if self.problem:
            return f"the log of {self.path} ({where}) cannot be read: {self.problem}"
        run = ", before its last start" if self.place.previous else ""
        ends = "says nothing" if not self.lines else "ends with"
        return f"the log of {self.path} ({where}{run}) {ends}"

    def to_json(self) -> dict[str, Any]:
        """As data; the form is part of the command's promise (docs/cli.md)."""
        place = {"pod": self.place.pod, "container": self.place.container, "previous": self.place.previous}
        return {"path": self.path, **place, "lines": list(self.lines), "problem": self.problem}


def blocking_member(asked: PathTarget, tree: Sequence[Resource]) -> PathTarget | None:
    """The service or gateway that keeps a stack from being ready, by its status; a service is its own."""
    if asked.key:
        return asked
    blocker = blocker_of(asked.stack)
    if blocker is None:
        return None
    try:
        holder = follow(asked.name, blocker.path, tree)
    except Failure:  # the status is of a moment ago
        return None
    keys = {service_subject(key): key for key in ("", *services_of(holder.stack))}
    if holder.key or blocker.subject not in keys:
        return None
    key = keys[blocker.subject]
    return PathTarget(holder.stack, holder.stack_path, key)


def telling_log(pods: Sequence[Json]) -> LogPlace | None:
    """The log that tells most of why the pods of a service are not ready; None where no container has run."""
    unready = [each for each in pods if not each["metadata"].get("deletionTimestamp")]
    # The newest first: in a roll-out the new definition is the one that fails.
    unready.sort(key=lambda pod: str(pod["metadata"].get("creationTimestamp", "")), reverse=True)
    found = [each for pod in unready for each in _of_pod(pod)]
    return min(found, key=lambda each: each[0])[1] if found else None


def _of_pod(pod: Json) -> Iterator[tuple[int, LogPlace]]:
    status, name = pod.get("status") or {}, pod["metadata"]["name"]
    if status.get("phase") == "Succeeded":
        return
    for field in ("initContainerStatuses", "containerStatuses"):
        for each in status.get(field) or ():
            state, last = each.get("state") or {}, (each.get("lastState") or {}).get("terminated")
            ended = state.get("terminated")
            if ended is not None:
                if ended.get("exitCode") or field == "containerStatuses":
                    yield _ENDED, LogPlace(name, each["name"])
            elif "running" in state and not each.get("ready"):
                failed = bool(last and last.get("exitCode"))
                yield _ENDED_BEFORE if failed else _UNREADY, LogPlace(name, each["name"], previous=failed)
            elif "waiting" in state and last is not None:
                yield _ENDED, LogPlace(name, each["name"], previous=True)


def shown(raw: bytes) -> str:
    """A line of a log as it is shown."""
    text = line(raw.rstrip(b"\r\n").decode(errors="backslashreplace"))
    return text if len(text) <= _LINE_LIMIT else f"{text[: _LINE_LIMIT - 1]}…"
