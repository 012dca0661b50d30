"""A tree of stacks from the resources as they stand in the cluster. Pure.

Each stack's own resource speaks for it: the roll-up in its parent may be a moment older. What a parent names and what
is not there is shown too, as that is often the very reason why somebody looks.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.cluster.kinds import DAEMON_SET, controller_of
from ailtire_operator.model.limits import DEPTH_LIMIT
from ailtire_operator.model.templates import is_template
from ailtire_operator.printable import plural
from ailtire_operator.status.blockers import from_status, sentence
from ailtire_operator.status.conditions import CONFLICTING, READY, STALLED, STOPPED, SUSPENDED, UNDER_WAY, WAITING
from ailtire_operator.status.observed import Problem
from ailtire_operator.status.saved_status import SavedCondition, SavedStatus
from ailtire_operator.status.text import fraction

Resource = Mapping[str, Any]
Member = tuple[str, str]
"""The stack's name, and the service's key as it stands in names; empty for the gateway."""

_UNDER_WAY: Final = UNDER_WAY | {""}
"""Reasons that tell of work and not of trouble."""


class State(StrEnum):
    """How a stack is."""

    READY = "ready"
    PROGRESSING = "progressing"
    TROUBLE = "trouble"
    """Not ready, for a reason that has a name."""
    STALLED = "stalled"
    """Not ready, and only a change by somebody can help."""
    SUSPENDED = "suspended"
    STOPPED = "stopped"
    """A service of which no replica is asked for, or a stack that is stopped as a whole."""
    DELETING = "deleting"
    MISSING = "missing"
    TEMPLATE = "template"


_BLOCKED: Final = frozenset({State.PROGRESSING, State.TROUBLE, State.STALLED})


@dataclass(frozen=True, slots=True)
class ServiceNode:
    """A plain service."""

    key: str
    kind: str
    name: str
    ready: int
    wanted: int
    reason: str = ""
    message: str = ""

    @property
    def ok(self) -> bool:
        """Whether everything that was asked for runs."""
        return not self.reason and self.ready >= self.wanted

    @property
    def state(self) -> State:
        """Ready, stopped, on its way there, or in trouble."""
        if not self.ok:
            return _unready(self.reason)
        return State.READY if self.wanted else State.STOPPED

    @property
    def count(self) -> str:
        """How much of it runs, in words where nothing is to run."""
        if self.state is not State.STOPPED:
            return fraction(self.ready, self.wanted)
        return "on no node" if self.kind == DAEMON_SET.kind else str(State.STOPPED)


@dataclass(frozen=True, slots=True)
class RouteNode:
    """A route of a stack's gateway."""

    path: str
    service: str
    port: int
    url: str = ""


@dataclass(frozen=True, slots=True)
class StackNode:
    """A stack and everything below it."""

    key: str
    name: str
    state: State
    reason: str = ""
    message: str = ""
    blocker: Problem | None = None
    """What the message is made of, where it says why the stack is not ready."""
    services_count: str = "0/0"
    """Ready and wanted services of the subtree."""
    stacks_count: str = "0/0"
    url: str = ""
    routes: tuple[RouteNode, ...] = ()
    notices: int = 0
    conflict: tuple[str, str] = ("", "")
    """Reason and sentence of what is in the way of others or of itself, though it may be ready."""
    services: tuple[ServiceNode, ...] = ()
    stacks: tuple["StackNode", ...] = ()

    def tally(self, *, stacks: bool = True) -> str:
        """What there is in the subtree, and what of it does not run or is left alone though all is ready."""
        below = [each for each in self.walk() if each is not self]
        stopped = sum(service.state is State.STOPPED for stack in (self, *below) for service in stack.services)
        suspended = sum(each.state is State.SUSPENDED for each in below)
        whole = sum(each.state is State.STOPPED for each in below)
        parts = [
            f"{self.services_count} services" if self.state is not State.MISSING else "",
            f"{self.stacks_count} stacks" if stacks and self.stacks else "",
            f"{plural(stopped, 'service')} stopped" if stopped else "",
            f"{plural(suspended, 'stack')} suspended" if suspended else "",
            f"{plural(whole, 'stack')} stopped" if whole else "",
        ]
        return ", ".join(filter(None, parts))

    def walk(self) -> Iterator["StackNode"]:
        """Itself and every stack below it."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(reversed(node.stacks))


def build_all(resources: Sequence[Resource]) -> list[tuple[str, StackNode]]:
    """Every tree of the resources with its namespace, in order; a stack without its parent among them is one too."""
    children = _children(resources)
    known = {each["metadata"]["uid"] for each in resources}
    tops = [each for each in resources if (controller_of(each) or {}).get("uid") not in known]
    found = [(each["metadata"].get("namespace", ""), _node(each, "", children, DEPTH_LIMIT)) for each in tops]
    return sorted(found, key=lambda each: (each[0], each[1].name))


def build(name: str, resources: Sequence[Resource]) -> StackNode | None:
    """The tree of the stack with this name; None if it is not among the resources."""
    children = _children(resources)
    top = next((each for each in resources if each["metadata"]["name"] == name), None)
    return None if top is None else _node(top, "", children, DEPTH_LIMIT)


def by_itself(resource: Resource) -> StackNode:
    """The stack with nothing that lives below it: each stack that it declares stands in it as missing."""
    return _node(resource, place_of(resource).get("parentKey", ""), {}, DEPTH_LIMIT)


def _children(resources: Iterable[Resource]) -> dict[str, list[Resource]]:
    """The stacks that each stack owns, by its uid."""
    children: dict[str, list[Resource]] = {}
    for resource in resources:
        owner = controller_of(resource)
        if owner is not None and owner.get("kind") == naming.KIND:
            children.setdefault(owner["uid"], []).append(resource)
    return children


def spec_of(resource: Resource) -> Mapping[str, Any]:
    """A stack's definition, as it is written."""
    return resource.get("spec") or {}


def services_of(resource: Resource) -> Mapping[str, Any]:
    """Its members."""
    return spec_of(resource).get("services") or {}


def place_of(resource: Resource) -> Mapping[str, Any]:
    """Its place in a tree; empty for a root."""
    return spec_of(resource).get("place") or {}


def root_of(resource: Resource) -> str:
    """The name of the root of its tree; its own for a root."""
    return naming.root_of(resource["metadata"]["name"], place_of(resource))


def state_of(resource: Resource) -> tuple[State, str, str]:
    """A stack's state, its reason and the sentence to it."""
    if resource["metadata"].get("deletionTimestamp"):
        return State.DELETING, "Deleting", "it is being deleted"
    if not is_observed(resource):
        return State.PROGRESSING, "NotObserved", "the operator has not reconciled the current definition yet"
    said = SavedStatus.of(resource.get("status"))
    ready = said.condition(READY)
    if (suspended := said.condition(SUSPENDED)).is_true:
        return State.SUSPENDED, SUSPENDED, suspended.message
    if (stopped := said.condition(STOPPED)).is_true:
        return State.STOPPED, STOPPED, stopped.message
    if ready.is_true:
        return (State.TEMPLATE if is_template(spec_of(resource)) else State.READY), "", ready.message
    if (stalled := said.condition(STALLED)).is_true:
        return State.STALLED, stalled.reason or ready.reason, stalled.message or ready.message
    return _unready(ready.reason), ready.reason, ready.message


def blocker_of(resource: Resource) -> Problem | None:
    """What the stack's status says keeps it from being ready; None also in the status of an earlier release."""
    status = resource.get("status") or {}
    return from_status(status, SavedCondition(), transient=False) if status.get("blocker") else None


def says_reason(resource: Resource, message: str) -> bool:
    """Whether a sentence in the stack's status says its reason too: all do that speak of a member or an object."""
    blocker = blocker_of(resource)
    return blocker is not None and (bool(blocker.subject) or sentence(blocker) != message)


def _unready(reason: str) -> State:
    return State.PROGRESSING if reason in _UNDER_WAY else State.TROUBLE


def in_words(reason: str, message: str) -> tuple[str, str]:
    """Reason and sentence for a person: of what waits the sentence says both."""
    return ("" if reason == WAITING and message else reason), message


def is_observed(resource: Resource) -> bool:
    """Whether the status speaks of the definition as it is now, all of it."""
    return SavedStatus.of(resource.get("status")).speaks_of(resource["metadata"].get("generation", 0))


def _node(resource: Resource, key: str, children: Mapping[str, list[Resource]], levels: int) -> StackNode:
    """``levels`` are shown below it: whoever may write ownerReferences may chain stacks as long as they like."""
    metadata, status = resource["metadata"], resource.get("status") or {}
    state, reason, message = state_of(resource)
    counts = status.get("counts") or {}
    return StackNode(
        key=key,
        name=metadata["name"],
        state=state,
        reason=reason,
        message=message,
        blocker=blocker_of(resource) if state in _BLOCKED else None,
        services_count=counts.get("services", "0/0"),
        stacks_count=counts.get("stacks", "0/0"),
        url=status.get("url", ""),
        routes=tuple(_route(each) for each in status.get("routes") or ()),
        notices=(status.get("translation") or {}).get("count", 0),
        conflict=_conflict(resource),
        services=tuple(services(resource)),
        stacks=tuple(_stacks(resource, children, levels)),
    )


def _conflict(resource: Resource) -> tuple[str, str]:
    said = SavedStatus.of(resource.get("status")).condition(CONFLICTING)
    return (said.reason, said.message) if said.is_true else ("", "")


def _stacks(resource: Resource, children: Mapping[str, list[Resource]], levels: int) -> Iterator[StackNode]:
    live = {}
    for child in children.get(resource["metadata"]["uid"], ()):
        live[place_of(child).get("parentKey", "") or child["metadata"]["name"]] = child
    named = {key for key, service in services_of(resource).items() if (service or {}).get("type") == "stack"}
    saved = (resource.get("status") or {}).get("stacks") or {}
    for key in sorted(named | live.keys()):
        if key in live and levels:
            yield _node(live[key], key, children, levels - 1)
        elif key in live:
            message = f"a tree has at most {DEPTH_LIMIT} levels; what is below is not shown"
            yield StackNode(key, live[key]["metadata"]["name"], State.TROUBLE, "TooDeep", message)
        else:
            yield _missing(resource["metadata"]["name"], key, saved.get(key) or {})


def _missing(parent: str, key: str, saved: Mapping[str, Any]) -> StackNode:
    name = saved.get("name") or naming.member(parent, key)
    reason = saved.get("reason") or "Missing"
    return StackNode(key, name, State.MISSING, reason, saved.get("message") or "there is no such resource yet")


def services(resource: Resource) -> list[ServiceNode]:
    """The plain services of a stack, as its status has them."""
    saved = (resource.get("status") or {}).get("services") or {}
    return [_service(name, each) for name, each in sorted(saved.items())]


def _service(key: str, status: Mapping[str, Any]) -> ServiceNode:
    return ServiceNode(
        key=key,
        kind=status.get("kind", ""),
        name=status.get("name", ""),
        ready=status.get("ready", 0),
        wanted=status.get("wanted", 0),
        reason=status.get("reason") or "",
        message=status.get("message") or "",
    )


def _route(status: Mapping[str, Any]) -> RouteNode:
    return RouteNode(status["path"], status["service"], status["port"], status.get("url") or "")
