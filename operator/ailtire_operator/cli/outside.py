"""What of the way from outside to a service is in the way of a request: edge, gateways, statuses. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.cli.stack_gateways import COMPONENTS, gateway_workload
from ailtire_operator.cli.trees import Resource, State, blocker_of, is_observed, place_of, services, spec_of, state_of
from ailtire_operator.cluster.kinds import DEPLOYMENT, HTTP_ROUTE, INGRESS
from ailtire_operator.cluster.summaries import summarize
from ailtire_operator.status.health import rolled_out
from ailtire_operator.status.observed import LiveObject
from ailtire_operator.status.text import listed

EDGES: Final = (INGRESS, HTTP_ROUTE)
_GATEWAY: Final = "gateway"
_FINAL: Final = (State.STALLED, State.SUSPENDED, State.STOPPED, State.DELETING, State.TEMPLATE)


@dataclass(slots=True)
class Outside:
    """What stands before and between the stacks of a tree; each object by its stack's name."""

    gateways: dict[str, Resource] = field(default_factory=dict)
    """Deployments, by their own names."""
    edges: dict[str, Resource] = field(default_factory=dict)
    unseen: set[str] = field(default_factory=set)
    """Kinds that may not be listed, of which nothing is known."""

    @classmethod
    def of(cls, objects: Iterable[Resource], unseen: Iterable[str] = ()) -> "Outside":
        """From Deployments, Ingresses and HTTPRoutes of the tree; others are passed over."""
        found = cls(unseen=set(unseen))
        for each in objects:
            labels = each["metadata"].get("labels") or {}
            stack = labels.get(naming.LABEL_STACK, "")
            if each["kind"] == DEPLOYMENT.kind and labels.get(naming.LABEL_COMPONENT) in COMPONENTS:
                found.gateways[each["metadata"]["name"]] = each
            elif each["kind"] in (INGRESS.kind, HTTP_ROUTE.kind):
                found.edges[stack] = each
        return found

    def reservations(self) -> Iterator[str]:
        """What is not known and keeps nothing from being ready, a sentence each."""
        if self.unseen:
            yield f"{listed(sorted(self.unseen))} may not be listed; whether they let requests through is not known"
        for each in self.edges.values():
            if each["kind"] == INGRESS.kind and not _addresses(each):
                name = each["metadata"]["name"]
                yield f"Ingress {name} has no address: no controller has taken it, or it is one that writes none"


def edge_kinds(tree: Sequence[Resource]) -> set[str]:
    """The kinds of edge that the stacks of a tree ask for."""
    return {edge_kind(each) for each in tree if spec_of(each).get("edge")}


def chain(stack: Resource, tree: Sequence[Resource]) -> list[Resource]:
    """The stack and all above it, from the root on."""
    by_name = {each["metadata"]["name"]: each for each in tree}
    found = [stack]
    # Bounded: what is read may be anything, and a circle would never end.
    while (above := by_name.get(place_of(found[-1]).get("parent", ""))) is not None and len(found) < len(tree):
        found.append(above)
    return found[::-1]


def first_blocker(
    stack: Resource, key: str, tree: Sequence[Resource], outside: Outside, paths: Mapping[str, str]
) -> str:
    """The first thing from outside that keeps a request from a service; empty where nothing does."""
    way = chain(stack, tree)
    entry = max(
        (number for number, each in enumerate(way) if (spec_of(each).get("edge") or {}).get("hosts")), default=0
    )
    for number, each in enumerate(way):
        path = paths[each["metadata"]["name"]]
        parts = [status_blocker(each, path)]
        parts += [edge_blocker(each, outside)] if number == entry else []
        parts += [gateway_blocker(each, path, outside)] if number >= entry else []
        if why := next(filter(None, parts), ""):
            return why
    return service_blocker(stack, key, paths[stack["metadata"]["name"]])


def status_blocker(stack: Resource, path: str) -> str:
    """Why a stack's status tells nothing of its current definition; empty where it does."""
    if stack["metadata"].get("deletionTimestamp"):
        return f"stack {path} is being deleted"
    return "" if is_observed(stack) else f"the operator has not reconciled the current definition of stack {path} yet"


def gateway_blocker(stack: Resource, path: str, outside: Outside) -> str:
    """Why no replica of a stack's gateway answers; empty where one does, or nobody may know."""
    found = outside.gateways.get(gateway_workload(stack).name)
    if found is None:
        return "" if DEPLOYMENT.kind in outside.unseen else f"the gateway of {path} has not been made yet"
    metadata, status = found["metadata"], found.get("status") or {}
    live = LiveObject(metadata.get("generation", 0), summarize(found), "deletionTimestamp" in metadata)
    if rolled_out(live, 1):
        return ""
    blocker = blocker_of(stack)
    if blocker is not None and blocker.subject == _GATEWAY and not blocker.path:
        return f"the gateway of {path} is not ready: {blocker.reason}: {blocker.message}"
    wanted = found["spec"].get("replicas", 1)
    if not wanted:
        return f"the gateway of {path} is stopped: it is to have 0 replicas"
    counts = f"{status.get('readyReplicas', 0)} of {wanted} ready, {status.get('updatedReplicas', 0)} up to date"
    return f"the gateway of {path} is not ready: {counts}"


def service_blocker(stack: Resource, key: str, path: str) -> str:
    """Why no replica of a service answers; empty where one does. ``path`` is the stack's."""
    found = next((each for each in services(stack) if each.key == key), None)
    if found is None:
        child = ((stack.get("status") or {}).get("stacks") or {}).get(key)
        missing = f"stack {path}/{key} has not been made yet, or has no interface"
        return missing if child is not None or _is_stack(stack, key) else f"service {path}/{key} has not been made yet"
    if found.ready > 0:
        return ""
    if found.state is State.STOPPED:
        return f"service {path}/{key} is stopped: it is to have 0 replicas"
    why = ": ".join(filter(None, (found.reason, found.message))) or "none of its replicas is ready"
    return f"service {path}/{key} is not ready: {why}"


def _is_stack(stack: Resource, key: str) -> bool:
    return ((spec_of(stack).get("services") or {}).get(key) or {}).get("type") == "stack"


def _hosts(stack: Resource) -> Any:
    return (spec_of(stack).get("edge") or {}).get("hosts")


def edge_kind(stack: Resource) -> str:
    """Ingress or HTTPRoute."""
    return str((spec_of(stack).get("edge") or {}).get("kind") or INGRESS.kind)


def edge_blocker(stack: Resource, outside: Outside) -> str:
    """Why a stack's edge lets nothing through; empty where it does, or nobody may know."""
    kind, name = edge_kind(stack), stack["metadata"]["name"]
    found = outside.edges.get(name)
    if kind in outside.unseen:
        return ""
    if found is None or found["kind"] != kind:
        return f"{kind} {name} has not been made yet"
    return _of_route(found, name) if kind == HTTP_ROUTE.kind else ""


def _of_route(route: Resource, name: str) -> str:
    """Whether a Gateway has accepted an HTTPRoute, in the definition that it has now."""
    generation = route["metadata"].get("generation", 0)
    refusals = []
    for parent in (route.get("status") or {}).get("parents") or ():
        conditions = {each.get("type"): each for each in parent.get("conditions") or ()}
        judged = [_judged(conditions.get(kind), generation) for kind in ("Accepted", "ResolvedRefs")]
        if not any(judged):
            return ""
        refusals += [each for each in judged if each]
    return (
        f"HTTPRoute {name} is not accepted: {refusals[0]}"
        if refusals
        else f"HTTPRoute {name} is accepted by no Gateway"
    )


def _judged(condition: Mapping[str, Any] | None, generation: int) -> str:
    """Why a condition of a route does not hold; empty where it does."""
    if condition is None or condition.get("observedGeneration", generation) < generation:
        return "its controller has not judged the current definition yet"
    if condition.get("status") == "True":
        return ""
    return (
        ": ".join(filter(None, (condition.get("reason"), condition.get("message"))))
        or f"{condition.get('type')} is false"
    )


def _addresses(ingress: Resource) -> list[Any]:
    return ((ingress.get("status") or {}).get("loadBalancer") or {}).get("ingress") or []


def ending(stack: Resource, tree: Sequence[Resource]) -> tuple[State, str, str] | None:
    """What no patience helps against: a stack on the way that is stalled, suspended, stopped, deleted or a template.

    Below one whose current definition has not been reconciled nothing is final: a correction may be on its way down.
    """
    for each in chain(stack, tree):
        state, reason, message = state_of(each)
        if state in _FINAL:
            return state, reason, message
        if not is_observed(each):
            return None
    return None
