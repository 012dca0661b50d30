"""What must hold in every order: checked at each change of the server, and once everything is at rest."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.cluster.kinds import ENDPOINT_SLICE, EVENT, POD, STACK, VOLUME_CLAIM, Ref, controller_of
from orders.api_server import ApiServer, Commit
from orders.controllers import is_ready
from orders.managers import Object

_TIMES: Final = frozenset({"lastTransitionTime", "creationTimestamp", "deletionTimestamp", "time"})
_GIVEN: Final = frozenset({"uid", "resourceVersion", "managedFields", "generation", *_TIMES})
_WORKLOADS: Final = ("Deployment",)
_DECISIVE: Final = ("Deployment", "Job", POD.kind, STACK.kind)


class Judge:
    """Follows one server, and keeps what went wrong."""

    def __init__(self, server: ApiServer, *, removes: bool, unaware: Callable[[str, str], bool]) -> None:
        self.wrong: list[str] = []
        self._server = server
        self._removes = removes
        """Whether the edits take something away and bring it back, so that the operator may create it again."""
        self._unaware = unaware
        """Whether the watch of an operator has yet to bring the deletion of the stack with a uid."""
        self._created: Counter[tuple[Ref, str]] = Counter()
        self._too_late: Counter[tuple[Ref, str]] = Counter()
        """How often an object was created or changed for an owner that had gone."""
        self._left: dict[tuple[Ref, str], list[Object]] = {}
        """The definitions that each workload has had of an operator, by address and uid: none of them comes again."""
        self._ready: set[tuple[str, int]] = set()
        """Uid and generation of stacks that were ready once, as the server knows it."""
        server.listeners.append(self._committed)
        self._note_ready()

    def _committed(self, commit: Commit) -> None:
        if commit.ref.kind in _DECISIVE:
            self._note_ready()
        if commit.ref.kind == VOLUME_CLAIM.kind and commit.old is not None:
            self._judge_claim(commit, commit.new)
            return
        if not commit.actor.startswith("operator"):
            if commit.new is None and commit.old is not None:
                self._created[commit.ref, _owner(commit.old)] -= 1
            return
        self._judge_operator(commit)

    def _judge_claim(self, commit: Commit, new: Object | None) -> None:
        """All claims here are retained ones or those of people: nobody deletes one, and none gets an owner."""
        if new is None or "deletionTimestamp" in new["metadata"]:
            self.wrong.append(f"{commit.ref} is deleted by {commit.actor}")
        elif new["metadata"].get("ownerReferences"):
            self.wrong.append(f"{commit.ref} gets an owner, with which it would be deleted")
        elif commit.old is not None and commit.old["spec"] != new["spec"]:
            self.wrong.append(f"{commit.ref} is changed in more than its labels")

    def _judge_operator(self, commit: Commit) -> None:
        old, new = commit.old, commit.new
        if commit.ref.kind == EVENT.kind:
            return
        if old is None and new is not None:
            self._judge_creation(commit.ref, new)
        elif old is not None:
            self._judge_change(commit, old, new)
        if new is not None and commit.ref.kind == STACK.kind and _says_ready(new) and _key(new) not in self._ready:
            self.wrong.append(f"{commit.ref} is Ready before it is")

    def _judge_creation(self, ref: Ref, new: Object) -> None:
        key = (ref, _owner(new))
        self._created[key] += 1
        if self._created[key] > 1:
            self.wrong.append(f"{ref} is created twice for one owner")
        if key[1] and self._kept(key[1]) is None and self._again_too_late(key):
            self.wrong.append(f"{ref} is created again for an owner that has gone")

    def _judge_change(self, commit: Commit, old: Object, new: Object | None) -> None:
        owner = _owner(old)
        if new is None and (self._removes or commit.ref.kind == ENDPOINT_SLICE.kind):  # which goes with its addresses
            self._created[commit.ref, owner] -= 1
        if not owner and new is not None and commit.ref.kind in _WORKLOADS and _owner(new):
            self._judge_takeover(commit.ref, old, new)
        elif not owner:
            if commit.ref.kind != STACK.kind or new is None or _content(old) != _content(new):
                self.wrong.append(f"{commit.ref}, which no stack owns, is changed")
        elif new is not None and _owner(new) != owner:
            self.wrong.append(f"{commit.ref} of one owner is made another's")
        elif self._kept(owner) is None and (new is None or _content(old) != _content(new)):
            self._judge_late_change(commit, owner)
        if new is not None and commit.ref.kind in _WORKLOADS:
            self._judge_rollout(commit.ref, old, new)

    def _judge_takeover(self, ref: Ref, old: Object, new: Object) -> None:
        """What nobody owns becomes a stack's that names it, and keeps its selector and the labels of others."""
        stack = self._kept(_owner(new)) or {"metadata": {"name": ""}, "spec": {}}
        members: Mapping[str, Any] = stack["spec"].get("services") or {}
        named = {naming.member(stack["metadata"]["name"], key) for key, each in members.items() if each.get("adopt")}
        labels = old["metadata"].get("labels") or {}
        kept = labels.items() <= (new["metadata"].get("labels") or {}).items()
        if ref.name not in named or not kept or old["spec"]["selector"] != new["spec"]["selector"]:
            self.wrong.append(f"{ref}, which no stack owns, is taken over as none names it so")

    def _judge_late_change(self, commit: Commit, owner: str) -> None:
        if not self._unaware(commit.actor, owner) and self._again_too_late((commit.ref, owner)):
            self.wrong.append(f"{commit.ref} is changed again, whose owner has gone")

    def _again_too_late(self, key: tuple[Ref, str]) -> bool:
        """Whether this is not the first write since the owner went, which may have been on its way then."""
        self._too_late[key] += 1
        return self._too_late[key] > 1

    def _judge_rollout(self, ref: Ref, old: Object, new: Object) -> None:
        """No edit takes a definition back, so that an operator which does acts by what it had read too long ago."""
        before, after = old["spec"]["template"], new["spec"]["template"]
        if before == after:
            return
        left = self._left.setdefault((ref, old["metadata"]["uid"]), [])
        left.append(before)
        if after in left:
            self.wrong.append(f"{ref} is taken back to a definition that it had left")

    def _kept(self, uid: str) -> Object | None:
        return next((each for each in self._server.objects.values() if each["metadata"]["uid"] == uid), None)

    def _note_ready(self) -> None:
        for ref, obj in self._server.objects.items():
            if ref.kind == STACK.kind:
                key = _key(obj)
                if key not in self._ready and self._is_ready(obj):
                    self._ready.add(key)

    def _is_ready(self, stack: Object) -> bool:
        name = stack["metadata"]["name"]
        services: Mapping[str, Any] = stack["spec"].get("services") or {}
        return all(self._member_ready(stack, naming.member(name, key), each) for key, each in services.items())

    def _member_ready(self, stack: Object, name: str, service: Object) -> bool:
        uid, namespace = stack["metadata"]["uid"], stack["metadata"]["namespace"]
        objects = {ref: obj for ref, obj in self._server.objects.items() if _owner(obj) == uid}
        if service.get("type") == "stack":
            child = objects.get(Ref(STACK.kind, namespace, name))
            if child is None or _images(child["spec"]) != _images(service["stack"]):
                return False
            return _key(child) in self._ready or self._is_ready(child)
        if (service.get("deploy") or {}).get("mode") == "replicatedJob":
            return any(
                ref.kind == "Job" and ref.name.startswith(name) and _runs(job, service) and _succeeded(job)
                for ref, job in objects.items()
            )
        live = objects.get(Ref("Deployment", namespace, name))
        return live is not None and _runs(live, service) and self._pods_ready(live, service)

    def _pods_ready(self, live: Object, service: Object) -> bool:
        """Whether as many pods of the definition are ready as are wanted."""
        uid = live["metadata"]["uid"]
        pods = [obj for ref, obj in self._server.objects.items() if ref.kind == POD.kind and _owner(obj) == uid]
        current = [pod for pod in pods if _images_of_pod(pod["spec"], service) and is_ready(pod)]
        return len(current) >= int(live["spec"].get("replicas", 1))


def _key(stack: Object) -> tuple[str, int]:
    return stack["metadata"]["uid"], stack["metadata"]["generation"]


def _owner(obj: Object) -> str:
    controller = controller_of(obj)
    return str(controller["uid"]) if controller else ""


def _content(obj: Object) -> Object:
    """All that nobody but its owner writes."""
    metadata = {key: value for key, value in obj["metadata"].items() if key not in _GIVEN}
    return {**{key: value for key, value in obj.items() if key != "status"}, "metadata": metadata}


def _says_ready(stack: Object) -> bool:
    generation = stack["metadata"]["generation"]
    return any(
        each["type"] == "Ready" and each["status"] == "True" and each.get("observedGeneration") == generation
        for each in (stack.get("status") or {}).get("conditions") or ()
    )


def _images(spec: Object) -> Object:
    return {
        key: _images(each["stack"]) if each.get("type") == "stack" else each.get("image")
        for key, each in (spec.get("services") or {}).items()
    }


def _runs(workload: Object, service: Object) -> bool:
    return _images_of_pod(workload["spec"]["template"]["spec"], service)


def _images_of_pod(spec: Object, service: Object) -> bool:
    return any(str(each["image"]).endswith(service["image"]) for each in spec["containers"])


def _succeeded(job: Object) -> bool:
    return bool((job.get("status") or {}).get("succeeded"))


def end_state(server: ApiServer) -> dict[str, Any]:
    """All objects at rest, without what differs from run to run by nature; of pods how many each workload has.

    Which definitions were Ready on the way, and what was rolled out, is history and no part of the end.
    """
    names = {obj["metadata"]["uid"]: str(ref) for ref, obj in server.objects.items()}
    for ref, obj in server.objects.items():
        for address in _addresses(obj):  # one that nobody has any more stays as it is, and is a difference
            names[address] = f"address of {ref if ref.kind != POD.kind else names.get(_owner(obj))}"
    found: dict[str, Any] = {}
    pods: Counter[str] = Counter()
    for ref, obj in sorted(server.objects.items()):
        if ref.kind == POD.kind:
            pods[names.get(_owner(obj), "nobody")] += 1
        elif ref.kind != EVENT.kind and naming.LABEL_REVISION not in (obj["metadata"].get("labels") or {}):
            found[str(ref)] = _normal(_without_rollouts(obj) if ref.kind == STACK.kind else _without_status(obj), names)
    return {**found, "pods": dict(pods)}


def _addresses(obj: Object) -> Iterator[str]:
    """Those of a Service or pod."""
    yield from (each for each in obj.get("spec", {}).get("clusterIPs") or () if each != "None")
    yield from (each["ip"] for each in (obj.get("status") or {}).get("podIPs") or ())


def _without_rollouts(stack: Object) -> Object:
    status = {key: value for key, value in (stack.get("status") or {}).items() if key != "rollouts"}
    return {**stack, "status": status}


def _without_status(obj: Object) -> Object:
    return {key: value for key, value in obj.items() if key != "status"}


def _normal(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {key: _normal(each, names) for key, each in value.items() if key not in _GIVEN or key == "uid"}
    if isinstance(value, list):
        return [_normal(each, names) for each in value]
    if isinstance(value, str):
        return names.get(value, value)
    return value


def differences(wanted: Any, found: Any, path: str = "") -> Iterator[str]:
    """Where two end states differ, in words."""
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        for key in sorted({*wanted, *found}):
            yield from differences(wanted.get(key), found.get(key), f"{path}/{key}")
    elif wanted != found:
        yield f"{path}: {found!r} instead of {wanted!r}"
