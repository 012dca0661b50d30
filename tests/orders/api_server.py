"""A simulated API server, for interleavings only: what it answers is compared with a real one's in tests/cluster.

It keeps versions, uids, generations, owners of fields, finalizers and the history that watches read. It validates
nothing and sets no defaults but those that the operator reads. Stored objects are never changed in place.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from ailtire_operator import naming
from ailtire_operator.cluster.connection import APPLY, JSON_PATCH
from ailtire_operator.cluster.kinds import KINDS, STACK, Kind, Ref
from ailtire_operator.model.unobserved import UNOBSERVED
from orders import managers
from orders.answers import Answer, Refusal, already_exists, conflict, gone, invalid_uid, not_found, wrong_precondition
from orders.json_patches import patched
from orders.managers import Manager, Object
from orders.selectors import selects

MERGE_PATCH: Final = "application/merge-patch+json"
FOREGROUND: Final = "foregroundDeletion"
_EPOCH: Final = 1_767_225_600
_WITH_STATUS: Final = frozenset({naming.KIND, "Deployment", "StatefulSet", "DaemonSet", "Job", "Pod", "Ingress"})
_WITHOUT_GENERATION: Final = frozenset({"ConfigMap", "Service", "PersistentVolumeClaim", "ControllerRevision", "Event"})
_BY_PLURAL: Final = {kind.plural: kind for kind in KINDS.values()}


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it reaches the server."""

    actor: str
    method: str
    path: str
    params: Mapping[str, Any]
    body: bytes = b""
    content_type: str = ""

    @property
    def is_write(self) -> bool:
        """Whether it may change something."""
        return self.method != "GET"


@dataclass(frozen=True, slots=True)
class Commit:
    """One change of one object."""

    version: int
    actor: str
    ref: Ref
    old: Object | None
    new: Object | None
    last: Object
    """The object as it is told of, deleted ones with the version of their deletion."""


@dataclass(frozen=True, slots=True)
class Address:
    """What a URL path names."""

    kind: Kind
    namespace: str
    name: str = ""
    subresource: str = ""

    @property
    def ref(self) -> Ref:
        """The object of it."""
        return Ref(self.kind.kind, self.namespace, self.name)


def address_of(path: str) -> Address | None:
    """What the path of a request names; None for what is not served here."""
    steps = path.strip("/").split("/")
    steps = steps[2:] if steps[0] == "api" else steps[3:]
    namespace = ""
    if len(steps) > 2 and steps[0] == "namespaces":
        namespace, steps = steps[1], steps[2:]
    if not steps or steps[0] not in _BY_PLURAL:
        return None
    return Address(_BY_PLURAL[steps[0]], namespace, *steps[1:3])


Snapshot = tuple[dict[Ref, Object], int, int]
"""Objects, version and number of uids."""


class ApiServer:
    """The objects of a cluster, their history, and answers to requests."""

    def __init__(self, now: Callable[[], float] = lambda: 0.0) -> None:
        self.now = now
        self.version = 1000
        self.objects: dict[Ref, Object] = {}
        self.history: list[Commit] = []
        self.compacted = 0
        """No watch can begin before this version."""
        self.listeners: list[Callable[[Commit], None]] = []
        self._uids = 0
        self._unstored: set[str] = set()
        """The uids of objects whose default status is not stored yet: their next write is one, whatever it says."""

    def handle(self, request: Request) -> Answer:
        """Carry a request out, and say what comes of it."""
        where = address_of(request.path)
        try:
            if where is None:
                raise not_found(request.path)
            return Answer(200, self._carry_out(request, where))
        except Refusal as refusal:
            return Answer(refusal.code, refusal.body)

    def _carry_out(self, request: Request, where: Address) -> Object:
        match request.method:
            case "GET" if where.name:
                return self._live(where)
            case "GET":
                return self._list(where, request.params)
            case "POST":
                return self._create(request, where, orjson.loads(request.body))
            case "DELETE":
                return self._delete(request, where)
            case "PUT":
                return self._edit(request, where, orjson.loads(request.body))
        if request.content_type == APPLY:
            return self._apply(request, where, orjson.loads(request.body))
        live = self._live(where)
        change = orjson.loads(request.body)
        if request.content_type == JSON_PATCH:
            return self._edit(request, where, patched(live, change))
        return self._edit(request, where, merge_patched(live, change))

    def matching(self, kind: Kind, namespace: str, params: Mapping[str, Any]) -> Iterator[Object]:
        """The objects of a kind that a list or watch with these parameters has."""
        for ref, obj in self.objects.items():
            if ref.kind == kind.kind and namespace in ("", ref.namespace) and selects(params, obj):
                yield obj

    def expired(self, version: int) -> Refusal | None:
        """What a watch from this version is told where it would miss something."""
        return gone(version, self.compacted) if version < self.compacted else None

    def compact(self) -> None:
        """Forget the history until now."""
        self.compacted = self.version
        self.history.clear()

    def snapshot(self) -> Snapshot:
        """All that is there."""
        return dict(self.objects), self.version, self._uids

    def restore(self, snapshot: Snapshot) -> None:
        """Begin with what was there; its history is compacted."""
        objects, self.version, self._uids = snapshot
        self.objects = dict(objects)
        self.compacted = self.version

    def edit(self, actor: str, obj: Object) -> Object:
        """Replace an object, as somebody does who has just read it."""
        where = address_of(Ref.of(obj).path)
        assert where is not None
        return self._edit(Request(actor, "PUT", Ref.of(obj).path, {}), where, obj)

    def remove(self, actor: str, ref: Ref) -> None:
        """Take an object away."""
        self._commit(actor, ref, None)

    def create(self, actor: str, obj: Object) -> Object:
        """Store a new object, as a controller makes one."""
        held = managers.updated(None, obj, Manager(actor, "Update"))
        return self._store(actor, self._born(self._managed(obj, held, None)), None)

    def write(self, actor: str, obj: Object) -> Object:
        """Store an object as it is, as a controller does that has just read it: its version and generation follow."""
        return self._store(actor, obj, self.objects.get(Ref.of(obj)))

    def _live(self, where: Address) -> Object:
        live = self.objects.get(where.ref)
        if live is None:
            raise not_found(where.name, where.kind)
        return live

    def _list(self, where: Address, params: Mapping[str, Any]) -> Object:
        items = sorted(self.matching(where.kind, where.namespace, params), key=lambda obj: Ref.of(obj))
        items = [{key: value for key, value in item.items() if key not in ("kind", "apiVersion")} for item in items]
        return {
            "kind": f"{where.kind.kind}List",
            "apiVersion": where.kind.api_version,
            "metadata": {"resourceVersion": str(self.version)},
            "items": items,
        }

    def _create(self, request: Request, where: Address, body: Object) -> Object:
        metadata = {"namespace": where.namespace, **body["metadata"]}
        if "generateName" in metadata:
            metadata["name"] = f"{metadata.pop('generateName')}{self._uids}"
        obj = {"apiVersion": where.kind.api_version, "kind": where.kind.kind, **body, "metadata": metadata}
        if where.kind.kind in _WITH_STATUS:
            obj.pop("status", None)
        if Ref.of(obj) in self.objects:
            raise already_exists(metadata["name"], where.kind)
        held = managers.updated(None, obj, Manager(str(request.params.get("fieldManager", request.actor)), "Update"))
        if "dryRun" in request.params:
            return _with_default_status({**obj, "metadata": {**metadata, "uid": "0"}})
        return self._store(request.actor, self._born(self._managed(obj, held, None)), None)

    def _apply(self, request: Request, where: Address, body: Object) -> Object:
        live, metadata = self.objects.get(where.ref), body["metadata"]
        version, uid = metadata.get("resourceVersion"), metadata.get("uid")
        if live is None and where.subresource:
            raise not_found(where.name, where.kind)
        if live is None and uid is not None:
            raise conflict(where.name, where.kind, f"uid mismatch: {uid} was expected, and nothing is there")
        if live is not None and version is not None and version != live["metadata"]["resourceVersion"]:
            raise conflict(where.name, where.kind)
        if live is not None and uid is not None and uid != live["metadata"]["uid"]:
            if where.subresource:
                uid = None
            else:
                raise invalid_uid(where.name, where.kind, uid)
        manager = Manager(str(request.params["fieldManager"]), "Apply", where.subresource)
        if live is None:
            metadata = {key: value for key, value in metadata.items() if key not in ("uid", "resourceVersion")}
            body = {**body, "metadata": {"namespace": where.namespace, **metadata}}
        obj, held = managers.applied(live, body, manager)
        if "dryRun" in request.params and live is not None:
            return self._managed(obj, held, live)
        if live is None:
            return self._store(request.actor, self._born(self._managed(obj, held, None)), None)
        return self._store(request.actor, self._managed(obj, held, live), live)

    def _edit(self, request: Request, where: Address, obj: Object) -> Object:
        """Replace the object, or its status, in the version that the new one says."""
        live = self._live(where)
        if obj["metadata"].get("uid", live["metadata"]["uid"]) != live["metadata"]["uid"]:
            raise conflict(where.name, where.kind)
        if obj["metadata"].get("resourceVersion", "") not in ("", live["metadata"]["resourceVersion"]):
            raise conflict(where.name, where.kind)
        if where.subresource:
            return self._store(request.actor, {**live, "status": obj.get("status") or {}}, live)
        if where.kind.kind in _WITH_STATUS:
            obj = {key: value for key, value in obj.items() if key != "status"}
            obj |= {"status": live["status"]} if "status" in live else {}
        if obj["metadata"].get("managedFields") == live["metadata"].get("managedFields"):
            manager = Manager(str(request.params.get("fieldManager", request.actor)), "Update")
            obj = self._managed(obj, managers.updated(live, obj, manager), live)
        return self._store(request.actor, obj, live)

    def _delete(self, request: Request, where: Address) -> Object:
        live = self._live(where)
        options = orjson.loads(request.body) if request.body else {}
        metadata, wanted = live["metadata"], options.get("preconditions") or {}
        for name in ("uid", "resourceVersion"):
            if wanted.get(name) not in (None, metadata[name]):
                raise wrong_precondition(where.name, where.kind, name, wanted[name], metadata[name])
        finalizers = list(metadata.get("finalizers") or ())
        if options.get("propagationPolicy") == "Foreground" and FOREGROUND not in finalizers:
            finalizers.append(FOREGROUND)
        if not finalizers:
            self._commit(request.actor, where.ref, None)
            details = {"name": where.name, "group": where.kind.group, "kind": where.kind.plural, "uid": metadata["uid"]}
            return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}
        marked = {"deletionTimestamp": metadata.get("deletionTimestamp", self.time()), "deletionGracePeriodSeconds": 0}
        held = {**live, "metadata": {**metadata, "finalizers": finalizers, **marked}}
        return self._store(request.actor, held, live)

    def _managed(self, obj: Object, held: managers.Holdings, live: Object | None) -> Object:
        return managers.with_holdings(obj, held, obj["apiVersion"], self.time(), live)

    def _born(self, obj: Object) -> Object:
        self._uids += 1
        metadata = {**obj["metadata"], "uid": f"uid-{self._uids}", "creationTimestamp": self.time()}
        metadata.pop("generation", None)
        if obj["kind"] == "Service":
            spec = obj["spec"]
            number = self._uids
            address = spec.get("clusterIP") or f"10.{96 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"
            obj = {**obj, "spec": {**spec, "clusterIP": address, "clusterIPs": [address]}}
        if obj["kind"] == STACK.kind:
            self._unstored.add(metadata["uid"])
        return _with_default_status({**obj, "metadata": metadata})

    def _store(self, actor: str, obj: Object, live: Object | None) -> Object:
        """Commit what has changed; an object of which nothing is left to finalize goes."""
        kind = obj["kind"]
        metadata = {**obj["metadata"]}
        if kind not in _WITHOUT_GENERATION:
            metadata["generation"] = _generation(obj, live)
        obj = {**obj, "metadata": metadata}
        unstored = metadata["uid"] in self._unstored
        if live is not None:
            self._unstored.discard(metadata["uid"])
            if obj == live and not unstored:
                return live
        if live is not None and "deletionTimestamp" in metadata and not metadata.get("finalizers"):
            self._commit(actor, Ref.of(obj), None)
            return obj
        return self._commit(actor, Ref.of(obj), obj)

    def _commit(self, actor: str, ref: Ref, new: Object | None) -> Object:
        self.version += 1
        old = self.objects.get(ref)
        told = new if new is not None else old
        assert told is not None
        told = {**told, "metadata": {**told["metadata"], "resourceVersion": str(self.version)}}
        if new is None:
            del self.objects[ref]
        else:
            self.objects[ref] = told
        commit = Commit(self.version, actor, ref, old, None if new is None else told, told)
        self.history.append(commit)
        for listener in self.listeners:
            listener(commit)
        return told

    def time(self) -> str:
        """The time of day as Kubernetes writes it."""
        return datetime.fromtimestamp(_EPOCH + self.now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def seconds(self) -> float:
        """The time of day in seconds since 1970."""
        return _EPOCH + self.now()


def _with_default_status(obj: Object) -> Object:
    """A new object with what the schema of its kind has by default in its status."""
    return {**obj, "status": dict(UNOBSERVED)} if obj["kind"] == STACK.kind else obj


def _generation(obj: Object, live: Object | None) -> int:
    if live is None:
        return 1
    before: int = live["metadata"]["generation"]
    if "deletionTimestamp" in obj["metadata"] and "deletionTimestamp" not in live["metadata"]:
        return before + 1
    return before + 1 if _counted(obj) != _counted(live) else before


def _counted(obj: Object) -> object:
    """What of an object its generation counts the changes of."""
    annotations = obj["metadata"].get("annotations") if obj["kind"] == "Deployment" else None
    return {key: value for key, value in obj.items() if key not in ("metadata", "status")}, annotations


def merge_patched(live: Any, change: Any) -> Any:
    """A value after a JSON merge patch."""
    if not isinstance(change, Mapping):
        return change
    out = dict(live) if isinstance(live, Mapping) else {}
    for key, value in change.items():
        if value is None:
            out.pop(key, None)
        else:
            out[key] = merge_patched(out.get(key), value)
    return out
