"""Which pod of a service or gateway, and which container of it, somebody means who names none. Pure.

The best is ready and runs the current definition. Where there is none, the next best is taken and that is said: a pod
that is not ready is what people look into.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ailtire_operator.cli.failures import Failure
from ailtire_operator.status.text import listed

Json = Mapping[str, Any]

_DEFAULT_CONTAINER: Final = "kubectl.kubernetes.io/default-container"
_TEMPLATE_LABELS: Final = ("pod-template-hash", "controller-revision-hash")
"""Of a Deployment's pods; of those of a StatefulSet or DaemonSet."""
_DEPLOYMENT_REVISION: Final = "deployment.kubernetes.io/revision"
_LISTED: Final = 8


@dataclass(frozen=True, slots=True)
class PodTarget:
    """Whose pods are meant, and what is known of them beside."""

    path: str
    """Of the service; of the stack, where its gateway is meant."""
    container: str
    """The name of its own container."""
    kind: str
    """Of the workload; empty where the status does not say yet."""
    stopped: bool = False
    """No replica is asked for."""
    reason: str = ""
    """Why it is not ready, in the words of its stack's status."""
    gateway: bool = False

    @property
    def subject(self) -> str:
        """Its name in a sentence."""
        return f"the gateway of {self.path}" if self.gateway else self.path


@dataclass(frozen=True, slots=True)
class PodChoice:
    """A pod and a container of it."""

    pod: str
    container: str
    ports: tuple[int, ...] = ()
    """The container's TCP ports."""
    other_ports: tuple[str, ...] = ()
    """Those of other protocols: ``53/UDP``."""
    note: str = ""
    """Why it is not as good as it could be; empty where it is."""


def template_of(pod: Json) -> str:
    """What identifies the pods of one definition; empty for a Job's."""
    labels = pod["metadata"].get("labels") or {}
    return next((labels[each] for each in _TEMPLATE_LABELS if each in labels), "")


def current_template(pods: Iterable[Json], controllers: Iterable[Json]) -> str:
    """The newest definition of those that pods have, by the ReplicaSets or ControllerRevisions that hold them; by the
    youngest pod where there are none to see."""
    found = list(pods)
    templates = {template_of(each) for each in found}
    revisions = {name: _revision(each) for each in controllers for name in _names(each) if name in templates}
    if revisions:
        return max(revisions, key=revisions.__getitem__)
    return template_of(max(found, key=_created)) if found else ""


def _names(controller: Json) -> set[str]:
    """A StatefulSet's pods are labelled with the revision's name, all others with the hash that is a label of both."""
    return {controller["metadata"]["name"], template_of(controller)}


def _revision(controller: Json) -> int:
    annotations = controller["metadata"].get("annotations") or {}
    return int(controller.get("revision") or annotations.get(_DEPLOYMENT_REVISION) or 0)


def _created(pod: Json) -> str:
    return str(pod["metadata"].get("creationTimestamp") or "")


def choose(
    target: PodTarget, pods: Sequence[Json], *, current: str = "", index: int | None = None, container: str = ""
) -> PodChoice:
    """The pod and its container; ``current`` is the template of the newest definition. Raises Failure.

    Without an ``index`` a container has to run; with one it is not asked whether it does, as just that pod is meant.
    """
    if not pods:
        raise _none(target)
    if index is not None:
        return _choice(target, _by_index(target, pods, index), current, container)
    ranked = sorted(pods, key=lambda pod: _rank(pod, target, current, container))
    best = ranked[0]
    if not _running(best, _container(best, target, container)):
        raise _nothing_runs(target, ranked)
    return _choice(target, best, current, container)


def _choice(target: PodTarget, pod: Json, current: str, container: str) -> PodChoice:
    name = _container(pod, target, container)
    declared = next((each for each in _containers(pod) if each["name"] == name), {}).get("ports") or ()
    return PodChoice(
        pod=pod["metadata"]["name"],
        container=name,
        ports=tuple(each["containerPort"] for each in declared if _protocol(each) == "TCP"),
        other_ports=tuple(
            f"{each['containerPort']}/{_protocol(each)}" for each in declared if _protocol(each) != "TCP"
        ),
        note=_note(target, pod, current),
    )


def _written(port: Json) -> str:
    return f"{port['containerPort']}/{_protocol(port)}"


def _protocol(port: Json) -> str:
    return str(port.get("protocol") or "TCP")


def _note(target: PodTarget, pod: Json, current: str) -> str:
    """Said where the pod is not ready, or of another definition than the current one."""
    name = pod["metadata"]["name"]
    if pod["metadata"].get("deletionTimestamp"):
        return f"pod {name} is being deleted"
    if not _ready(pod):
        why = f": {target.reason}" if target.reason else ""
        return f"pod {name} is not ready{why}"
    if current and template_of(pod) != current:
        return f"pod {name} is of the definition before: none of the current one is ready"
    return ""


def _rank(pod: Json, target: PodTarget, current: str, container: str) -> tuple[bool, bool, bool, bool, Any]:
    """The best first: its container runs, it stays, is ready, is of the current definition; then by name."""
    running = _running(pod, _container(pod, target, container, strict=False))
    leaving = bool(pod["metadata"].get("deletionTimestamp"))
    return not running, leaving, not _ready(pod), template_of(pod) != current, _ordinal(pod)


def _by_index(target: PodTarget, pods: Sequence[Json], index: int) -> Json:
    """The pod with the ordinal, where pods have ordinals; else the one at this place in the order of their names."""
    in_order = sorted(pods, key=_ordinal)
    if target.kind == "StatefulSet":
        found = {_ordinal(each)[0]: each for each in in_order}
    else:
        found = dict(enumerate(in_order))
    if index not in found:
        raise Failure(
            f"{target.subject} has no pod {index}", f"There are: {listed([str(each) for each in found], _LISTED)}."
        )
    return found[index]


def _ordinal(pod: Json) -> tuple[int, str]:
    """The number at the end of a StatefulSet's pod; 0 for all others, whose names decide."""
    name = pod["metadata"]["name"]
    end = name.rpartition("-")[2]
    owned = any(each.get("kind") == "StatefulSet" for each in pod["metadata"].get("ownerReferences") or ())
    return (int(end) if owned and end.isdecimal() else 0), name


def _containers(pod: Json) -> list[Json]:
    """All of its spec, the service's own among the first."""
    spec = pod.get("spec") or {}
    fields = ("containers", "initContainers", "ephemeralContainers")
    return [each for field in fields for each in spec.get(field) or ()]


def _container(pod: Json, target: PodTarget, wanted: str, *, strict: bool = True) -> str:
    """The name of the container that is meant. Raises Failure where the pod has none of a name that was given."""
    names = [str(each["name"]) for each in _containers(pod)]
    if wanted:
        if strict and wanted not in names:
            hint = f"It has: {listed(names, _LISTED)}."
            raise Failure(f"pod {pod['metadata']['name']} has no container '{wanted}'", hint)
        return wanted
    annotated = (pod["metadata"].get("annotations") or {}).get(_DEFAULT_CONTAINER, "")
    return next((each for each in (annotated, target.container) if each in names), names[0] if names else "")


def _running(pod: Json, container: str) -> bool:
    status = pod.get("status") or {}
    fields = ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses")
    states = {each["name"]: each.get("state") or {} for field in fields for each in status.get(field) or ()}
    return "running" in states.get(container, {})


def _ready(pod: Json) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(each.get("type") == "Ready" and each.get("status") == "True" for each in conditions)


def _none(target: PodTarget) -> Failure:
    """Why there is no pod at all."""
    if target.stopped:
        return Failure(f"{target.subject} is stopped: it is to have 0 replicas, so it has no pod")
    if target.kind == "Job":
        return Failure(f"the job {target.path} has no pod (any more)", "A job that has ended is not run again.")
    why = f": {target.reason}" if target.reason else ""
    return Failure(f"{target.subject} has no pod{why}", _tree_says(target))


def _nothing_runs(target: PodTarget, pods: Sequence[Json]) -> Failure:
    """Why no container runs, though there are pods."""
    if all((each.get("status") or {}).get("phase") in ("Succeeded", "Failed") for each in pods):
        ended = "the job" if target.kind == "Job" else "each pod of"
        return Failure(f"{ended} {target.path} has ended, so nothing runs in it", f"{_logs(target)} says what it did.")
    why = f": {target.reason}" if target.reason else ""
    hint = f"{_logs(target)} reads what it said last." if target.reason.startswith("CrashLoop") else _tree_says(target)
    return Failure(f"no container of {target.subject} runs{why}", hint)


def _logs(target: PodTarget) -> str:
    return f"'kubectl ailtire logs {target.path}{' --gateways' if target.gateway else ''}'"


def _tree_says(target: PodTarget) -> str:
    return f"'kubectl ailtire tree {target.path.partition('/')[0]}' says more."
