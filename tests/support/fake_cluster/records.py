"""Live objects for tests of decisions, put into a real store as the watches would put them."""

from dataclasses import replace
from typing import Any

from ailtire_operator import naming
from ailtire_operator.cluster.kinds import KINDS
from ailtire_operator.cluster.store import Record, Store

NAMESPACE = "prod"
_versions = iter(range(100, 10**9))


def reference_to(name: str, uid: str) -> dict[str, Any]:
    """The ownerReference of an object of the stack with this name and uid."""
    return {
        "apiVersion": naming.API_VERSION,
        "kind": naming.KIND,
        "name": name,
        "uid": uid,
        "controller": True,
        "blockOwnerDeletion": False,
    }


def reference(owner: Record) -> dict[str, Any]:
    """The ownerReference of an object of this stack."""
    return reference_to(owner.ref.name, owner.uid)


def put(
    store: Store,
    kind: str,
    name: str,
    *,
    owner: Record | None = None,
    uid: str = "",
    labels: dict[str, str] | None = None,
    deleting: bool = False,
    generation: int = 1,
    references: list[dict[str, Any]] | None = None,
    namespace: str = NAMESPACE,
    annotations: dict[str, str] | None = None,
    created: str = "",
    origin: str | None = None,
    **content: Any,
) -> Record:
    """Let the store see an object; ``origin``: the uid of the stack that has written it."""
    metadata: dict[str, Any] = {
        "name": name,
        "namespace": namespace,
        "uid": uid or f"{kind}/{name}",
        "resourceVersion": str(next(_versions)),
        "generation": generation,
        "labels": {naming.LABEL_MANAGED_BY: naming.OPERATOR_NAME, **(labels or {})},
    }
    if created:
        metadata["creationTimestamp"] = created
    if annotations:
        metadata["annotations"] = annotations
    if owner is not None:
        metadata["ownerReferences"] = [reference(owner)]
        metadata["labels"].setdefault(naming.LABEL_STACK, owner.ref.name)
    if references is not None:
        metadata["ownerReferences"] = references
    if deleting:
        metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    body = {"apiVersion": KINDS[kind].api_version, "kind": kind, "metadata": metadata, "spec": {}, **content}
    record = store.put(body, origin=origin)
    assert record is not None
    return record


def new_uid() -> str:
    """The uid of an object whose name another one had before."""
    return f"uid-{next(_versions)}"


def change(store: Store, record: Record, **fields: Any) -> Record:
    """Let the store see an object as it is by now."""
    changed = store.offer(replace(record, resource_version=str(next(_versions)), **fields))
    assert changed is not None
    return changed


def stack(store: Store, name: str, spec: dict[str, Any] | None = None, **fields: Any) -> Record:
    """A root stack, or with ``owner`` a child under the key that its name says."""
    return put(store, naming.KIND, name, spec={} if spec is None else spec, **fields)


def child(store: Store, parent: Record, key: str, spec: dict[str, Any] | None = None, **fields: Any) -> Record:
    """A child stack in its place; the parent has to name it."""
    place = {"root": "shop", "parent": parent.ref.name, "parentKey": key, "depth": 1, "appName": "shop"}
    name = naming.member(parent.ref.name, key)
    return stack(store, name, {**(spec or {}), "place": place}, owner=parent, **fields)


def pod(
    store: Store, stack_name: str, service: str | None, name: str, *, ready: bool = True, ip: str = "", uid: str = ""
) -> Record:
    """A pod of a service, or of the gateway."""
    labels = {naming.LABEL_STACK: stack_name, **({naming.LABEL_SERVICE: service} if service else {})}
    status = {
        "phase": "Running",
        "podIPs": [{"ip": ip}] if ip else [],
        "conditions": [{"type": "Ready", "status": str(ready)}],
    }
    return put(store, "Pod", name, labels=labels, status=status, uid=uid)
