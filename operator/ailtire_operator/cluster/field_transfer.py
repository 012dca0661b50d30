"""Makes the operator the manager of the fields that others have set in the content of an object that it takes over.

Server-side apply removes a field that a manifest lacks only where no other manager holds it. Without this, a variable
that ``kubectl create`` or Helm had set would stay in an adopted workload for ever, also where it is removed from the
definition later. Pure: no I/O, no clock.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ailtire_operator.cluster.kinds import (
    AUTOSCALER,
    CONFIG_MAP,
    DAEMON_SET,
    DEPLOYMENT,
    DISRUPTION_BUDGET,
    INGRESS,
    NETWORK_POLICY,
    SERVICE,
    STATEFUL_SET,
)
from ailtire_operator.naming import FIELD_MANAGER

Json = dict[str, Any]

_KINDS: Final = frozenset(
    each.kind
    for each in (
        DEPLOYMENT, STATEFUL_SET, DAEMON_SET, SERVICE, CONFIG_MAP, NETWORK_POLICY, INGRESS, AUTOSCALER,
        DISRUPTION_BUDGET,
    )
)  # fmt: skip
"""Not claims, of which Kubernetes' controllers set fields that must stay, nor what cannot be changed in place."""
_CONTENT: Final = ("f:spec", "f:data", "f:binaryData")
"""Labels, annotations and finalizers stay with whoever has set them."""
ALLOCATED: Final = ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy")
"""What of a Service the API server chooses once and for all."""


def transferred(obj: Mapping[str, Any]) -> list[Any] | None:
    """The ``managedFields`` of a live object with the content of all managers in the operator's entry.

    None where there is nothing to transfer. Entries of subresources, as of the status and of ``scale``, stay.
    """
    if obj["kind"] not in _KINDS:
        return None
    ours: Json = {}
    mine: Json = {"manager": FIELD_MANAGER, "operation": "Apply", "apiVersion": obj["apiVersion"]}
    kept: list[Any] = []
    found = False
    for entry in obj["metadata"].get("managedFields") or ():
        fields = entry.get("fieldsV1")
        if entry.get("subresource") or not isinstance(fields, dict):
            kept.append(entry)
        elif entry.get("manager") == FIELD_MANAGER and entry.get("operation") == "Apply":
            mine, ours = entry, _union(ours, fields)
        else:
            taken = {key: _without(fields[key], key) for key in _CONTENT if key in fields}
            found = found or bool(taken)
            ours = _union(ours, taken)
            left = {key: value for key, value in fields.items() if key not in taken} | _left(fields)
            kept += [{**entry, "fieldsV1": left}] if left else []
    return [*kept, {**mine, "fieldsType": "FieldsV1", "fieldsV1": ours}] if found else None


def writers(obj: Mapping[str, Any]) -> list[str]:
    """Who has set fields of an object, its status aside: names of field managers, as anybody may choose them."""
    entries: Iterable[Mapping[str, Any]] = obj["metadata"].get("managedFields") or ()
    return sorted({str(each.get("manager") or "") for each in entries if not each.get("subresource")} - {""})


def _without(fields: Any, key: str) -> Any:
    if key != "f:spec" or not isinstance(fields, dict):
        return fields
    return {name: below for name, below in fields.items() if name[2:] not in ALLOCATED}


def _left(fields: Json) -> Json:
    """What a manager keeps of the content."""
    spec = fields.get("f:spec")
    left = {name: spec[name] for name in spec if name[2:] in ALLOCATED} if isinstance(spec, dict) else {}
    return {"f:spec": left} if left else {}


def _union(one: Json, other: Json) -> Json:
    """Both trees of fields; as deep as these are, which ``cluster.decoding`` bounds."""
    merged = dict(one)
    for key, below in other.items():
        merged[key] = _union(merged[key], below) if key in merged else below
    return merged
