"""Which containers' logs belong to a path of a tree. Pure: resources and pods in, sources out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.cli.paths import find, paths
from ailtire_operator.cli.stack_gateways import COMPONENTS, gateway_workload
from ailtire_operator.cli.trees import Resource, services_of
from ailtire_operator.cli.wait_conditions import subtree

_WORKLOADS: Final = {
    naming.COMPONENT_GATEWAY: naming.gateway,
    naming.COMPONENT_TREE_GATEWAY: naming.tree_gateway,
}
_STATUSES: Final = ("initContainerStatuses", "containerStatuses")


@dataclass(frozen=True, slots=True)
class Selection:
    """What was asked for."""

    stacks: Mapping[str, str]
    """Paths of the stacks, by name."""
    keys: Mapping[tuple[str, str], str]
    """Keys of services as their author wrote them, by stack and by how they stand in names."""
    service: str = ""
    """This one alone, as it stands in names; empty for all."""
    gateways: bool = False
    gateways_of: Mapping[str, str] = field(default_factory=dict)
    """Paths of the stacks whose gateways serve these, by name: the root's where one serves the whole tree."""
    containers: tuple[str, ...] = ()
    """These alone; empty for all but init containers."""


@dataclass(frozen=True, slots=True)
class Source:
    """One container of one pod."""

    path: str
    """The service's path; a gateway has its stack's."""
    pod: str
    uid: str
    """The pod's."""
    container: str
    instance: str
    """Changes with every start; empty before the first."""
    running: bool
    restarted: bool
    """There is a log of the instance before."""
    waits_for: str
    """Why it does not run, if it waits."""
    suffix: str
    """The pod's name without what the path says already; with the container's where it is not the service's own."""

    @property
    def key(self) -> tuple[str, str]:
        """What stays the same when it starts again."""
        return self.uid, self.container


def selection(
    path: str, tree: Sequence[Resource], *, gateways: bool = False, containers: Sequence[str] = ()
) -> Selection:
    """What the path means in the tree as it is. Raises Missing."""
    target = find(path, tree)
    known = paths(tree)
    stacks = [target.stack] if target.key else subtree(target.stack, tree)
    keys = {(each["metadata"]["name"], naming.sanitize(key)): key for each in stacks for key in services_of(each)}
    return Selection(
        stacks={each["metadata"]["name"]: known[each["metadata"]["name"]] for each in stacks},
        keys=keys,
        service=naming.sanitize(target.key) if target.key else "",
        gateways=gateways and not target.key,
        gateways_of={name: known.get(name, name) for name in (gateway_workload(each).stack for each in stacks)},
        containers=tuple(containers),
    )


def sources(pods: Iterable[Mapping[str, Any]], chosen: Selection) -> list[Source]:
    """The containers of these pods that were asked for, by path and pod."""
    found = [each for pod in pods for each in _of_pod(pod, chosen)]
    return sorted(found, key=lambda each: (each.path, each.pod, each.container))


def _of_pod(pod: Mapping[str, Any], chosen: Selection) -> Iterator[Source]:
    labels = pod["metadata"].get("labels") or {}
    stack, service = labels.get(naming.LABEL_STACK, ""), labels.get(naming.LABEL_SERVICE, "")
    component = labels.get(naming.LABEL_COMPONENT, "")
    gateway = component in COMPONENTS
    stacks = chosen.stacks if not gateway else chosen.gateways_of if chosen.gateways else {}
    if stack not in stacks:
        return
    if not gateway and chosen.service not in ("", service):
        return
    path = stacks[stack]
    if not gateway:
        path = f"{path}/{chosen.keys.get((stack, service), service)}"
    name = pod["metadata"]["name"]
    own = naming.COMPONENT_GATEWAY if gateway else service
    workload = _WORKLOADS[component](stack) if gateway else naming.member(stack, service)
    short = name.removeprefix(f"{workload}-")
    for statuses in _STATUSES:
        for status in (pod.get("status") or {}).get(statuses) or ():
            container = status["name"]
            if container in chosen.containers or (not chosen.containers and statuses == _STATUSES[1]):
                yield _source(status, path, pod, short if container == own else f"{short} {container}")


def _source(status: Mapping[str, Any], path: str, pod: Mapping[str, Any], suffix: str) -> Source:
    state = status.get("state") or {}
    return Source(
        path=path,
        pod=pod["metadata"]["name"],
        uid=pod["metadata"]["uid"],
        container=status["name"],
        # Not every kubelet gives an id at once; the time of the start identifies instances as well.
        instance=status.get("containerID") or (state.get("running") or {}).get("startedAt") or "",
        running="running" in state,
        restarted="terminated" in (status.get("lastState") or {}),
        waits_for=(state.get("waiting") or {}).get("reason", ""),
        suffix=suffix,
    )
