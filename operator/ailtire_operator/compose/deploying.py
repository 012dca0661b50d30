"""``deploy`` of services.js: Compose's keys, also where real files nest them wrongly."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import TypeAdapter

from ailtire_operator.compose.reporting import Report, described
from ailtire_operator.compose.scalars import accepts, memory, text_of, whole
from ailtire_operator.model.deploy import Resources
from ailtire_operator.model.problems import path_of
from ailtire_operator.model.values import Duration, Quantity

_DURATION: Final = TypeAdapter(Duration)
_QUANTITY: Final = TypeAdapter(Quantity)
_RESOURCES: Final = TypeAdapter(Resources)
_REPLICA_LIMIT: Final = 1000
_KEYS: Final = ("replicas", "mode", "resources", "placement", "update_config", "restart_policy", "endpoint_mode")
_ORDERS: Final = {"start-first": "startFirst", "stop-first": "stopFirst"}
_WHY: Final = {
    "max_replicas_per_node": "replicas are spread over the nodes as evenly as can be, without a fixed bound.",
    "rollback_config": "a change that does not become ready stops rolling; what runs keeps running.",
    "labels": "they are Swarm's, on the service object; nothing reads them here.",
}


def read(value: Any, path: str, report: Report) -> dict[str, Any]:
    """The ``deploy`` of a plain service."""
    fields = report.mapping(value, path)
    for key in fields.keys() - set(_KEYS):
        report.unknown({key: fields[key]}, (), path, _WHY.get(key, ""))
    result: dict[str, Any] = {}
    replicas = whole(fields.get("replicas"))
    if replicas is not None and 0 <= replicas <= _REPLICA_LIMIT:
        result["replicas"] = replicas
    elif fields.get("replicas") is not None:
        report.rejected(f"{path}.replicas", f"{described(fields['replicas'])} is not a number of replicas; one runs.")
    _mode(fields.get("mode"), f"{path}.mode", report)
    placement = report.mapping(fields.get("placement"), f"{path}.placement")
    if resources := _resources(fields, placement, path, report):
        result["resources"] = resources
    for key in placement.keys() - {"resources"}:
        report.unknown(
            {key: placement[key]},
            (),
            f"{path}.placement",
            _WHY.get(key, "the nodes of this cluster have other labels than Swarm's had."),
        )
    if update := _update(fields.get("update_config"), f"{path}.update_config", report):
        result["updateConfig"] = update
    _restart(fields.get("restart_policy"), f"{path}.restart_policy", report)
    if endpoint := fields.get("endpoint_mode"):
        if endpoint in ("vip", "dnsrr"):
            result["endpointMode"] = endpoint
        else:
            report.rejected(f"{path}.endpoint_mode", f"{described(endpoint)} is neither vip nor dnsrr; vip stands in.")
    return result


def _mode(mode: Any, path: str, report: Report) -> None:
    if mode == "global":
        report.ignored(
            path, "one replica on every node is not available; the number of replicas counts.", "Set deploy.replicas."
        )
    elif mode not in (None, "replicated"):
        report.ignored(path, f"{described(mode)} is not available; the service runs until it is removed.")


def _resources(fields: Mapping[str, Any], placement: Mapping[str, Any], path: str, report: Report) -> dict[str, Any]:
    """``resources``, also where it stands under ``placement``, as in files that were never deployed."""
    where, written = f"{path}.resources", fields.get("resources")
    if written is None and placement.get("resources") is not None:
        where, written = f"{path}.placement.resources", placement["resources"]
        report.resolved(where, "it belongs under deploy, not under deploy.placement, and is read as if it stood there.")
    result: dict[str, Any] = {}
    entries = report.mapping(written, where)
    report.unknown(entries, ("limits", "reservations"), where)
    for name in ("limits", "reservations"):
        amounts = _amounts(report.mapping(entries.get(name), f"{where}.{name}"), f"{where}.{name}", report)
        if amounts:
            result[name] = amounts
    if not accepts(_RESOURCES, result):
        report.rejected(f"{where}.reservations", "more is reserved than the limits allow; only the limits stay.")
        result.pop("reservations")
    return result


def _amounts(entry: Mapping[str, Any], path: str, report: Report) -> dict[str, str]:
    report.unknown(entry, ("cpus", "memory"), path)
    result: dict[str, str] = {}
    for key, name, text in (
        ("cpus", "cpu", text_of(entry.get("cpus")) if isinstance(entry.get("cpus"), str | int | float) else None),
        ("memory", "memory", memory(entry.get("memory"))),
    ):
        if entry.get(key) is None:
            continue
        if text and accepts(_QUANTITY, text):
            result[name] = text
        else:
            report.rejected(path_of(path, key), f"{described(entry[key])} is not an amount; it is left out.")
    return result


def _update(value: Any, path: str, report: Report) -> dict[str, Any]:
    fields = report.mapping(value, path)
    report.unknown(fields, ("order", "parallelism", "delay", "monitor", "failure_action", "max_failure_ratio"), path)
    result: dict[str, Any] = {}
    if order := fields.get("order"):
        if isinstance(order, str) and order in _ORDERS:
            result["order"] = _ORDERS[order]
        else:
            report.rejected(
                f"{path}.order", f"{described(order)} is neither start-first nor stop-first; the default stays."
            )
    if (written := fields.get("parallelism")) is not None:
        parallelism = whole(written)
        if parallelism is not None and 0 <= parallelism <= _REPLICA_LIMIT:
            result["parallelism"] = parallelism
        else:
            report.rejected(
                f"{path}.parallelism", f"{described(written)} is not a number of replicas; the default stays."
            )
    for key in ("delay", "monitor"):
        if (written := fields.get(key)) is not None:
            if isinstance(written, str) and accepts(_DURATION, written):
                result[key] = written
            else:
                report.rejected(f"{path}.{key}", f"{described(written)} is not a time; the default stays.")
    if fields.get("failure_action", "pause") != "pause" or fields.get("max_failure_ratio"):
        report.ignored(
            f"{path}.failure_action",
            "a change that does not become ready stops rolling; nothing is rolled back by itself.",
        )
    return result


def _restart(value: Any, path: str, report: Report) -> None:
    fields = report.mapping(value, path)
    if fields.get("condition", "any") != "any" or any(fields.get(key) for key in ("delay", "max_attempts", "window")):
        report.ignored(path, "Kubernetes restarts a service whenever it ends, with growing pauses.")
