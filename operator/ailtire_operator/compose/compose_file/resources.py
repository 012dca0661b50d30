"""Translates limits and reservations, from the three generations of Compose's keys."""

from decimal import Decimal
from typing import Any, Final

from pydantic import TypeAdapter

from ailtire_operator import naming
from ailtire_operator.compose.compose_file.entry import Entry
from ailtire_operator.compose.scalars import accepts, memory, text_of, whole
from ailtire_operator.model.deploy import Resources
from ailtire_operator.model.devices import DeviceReservation

_RESOURCES: Final = TypeAdapter(Resources)
_DEVICE: Final = TypeAdapter(DeviceReservation)
_SHARES: Final = 1024
_PERIOD: Final = 100_000
"""Microseconds: Docker's default cpu_period."""


def resources(service: Entry, entry: Entry) -> dict[str, Any]:
    """Limits and reservations of a service."""
    limits, reservations = entry.inner("limits"), entry.inner("reservations")
    quota = _quota(service)
    limit: dict[str, Any] = {
        "cpu": _cpus(limits, "cpus") or _cpus(service, "cpus") or quota,
        "memory": _bytes(limits, "memory") or _bytes(service, "mem_limit"),
        "pids": whole(limits.take("pids")) or whole(service.take("pids_limit")),
    }
    reserved: dict[str, Any] = {
        "cpu": _cpus(reservations, "cpus"),
        "memory": _bytes(reservations, "memory") or _bytes(service, "mem_reservation"),
        "devices": _devices(service, reservations),
        "genericResources": _generic(reservations),
    }
    if shares := whole(service.take("cpu_shares")):
        reserved["cpu"] = reserved["cpu"] or _processors(Decimal(shares) / _SHARES)
        service.note("cpu_shares")
    found = {"limits": _given(limit), "reservations": _given(reserved)}
    result = _given(found)
    if not accepts(_RESOURCES, result):
        message = "the reservations exceed the limits; only the limits are used."
        entry.report.rejected(reservations.path, message, "Raise the limits.")
        result.pop("reservations", None)
    return result


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, {})}


def _bytes(entry: Entry, key: str) -> str | None:
    """A size; 0 is none, as in Docker."""
    amount = entry.parsed(key, memory, "a size")
    return amount if amount != "0" else None


def _cpus(entry: Entry, key: str) -> str | None:
    """A number of processors; 0 is none, as in Docker."""
    return entry.parsed(key, lambda value: "" if value in (0, "0") else _processors(value), "a number of processors")


def _quota(service: Entry) -> str | None:
    quota, period = whole(service.take("cpu_quota")), whole(service.take("cpu_period"))
    count = whole(service.take("cpu_count"))
    if count:
        service.note("cpu_count")
    if quota and quota > 0:
        return _processors(Decimal(quota) / (period or _PERIOD))
    return _processors(count)


def _processors(value: Any) -> str | None:
    """Processors as a quantity, rounded up to the thousandth that Kubernetes counts in."""
    try:
        amount = value if isinstance(value, Decimal) else Decimal(text_of(value))
    except (ArithmeticError, TypeError, ValueError):
        return None
    thousandths = int((amount * 1000).to_integral_value("ROUND_CEILING")) if 0 < amount < 1_000_000 else 0
    if not thousandths:
        return None
    return str(thousandths // 1000) if thousandths % 1000 == 0 else f"{thousandths}m"


def _devices(service: Entry, reservations: Entry) -> dict[str, Any]:
    """Devices such as GPUs: a count for one driver, as in Kubernetes."""
    result: dict[str, Any] = {}
    for entry in [*reservations.items("devices"), *service.items("gpus")]:
        driver, capabilities = entry.take("driver"), entry.texts("capabilities")
        if entry.take("options"):
            entry.note("options")
        if entry.location[-2] == "gpus" and "gpu" not in capabilities:
            capabilities.append("gpu")
        fields = {"driver": driver, "count": _count(entry), "capabilities": capabilities}
        fields = {name: value for name, value in fields.items() if value not in (None, [], "")}
        name = naming.sanitize(str(driver or (capabilities or ["device"])[0]))
        if accepts(_DEVICE, fields):
            result[name if name not in result else f"{name}-{len(result)}"] = fields
        else:
            entry.report.rejected(entry.path, "this is not a number of devices of one driver; it is left out.")
    return result


def _count(entry: Entry) -> int | None:
    """How many devices: a device plug-in assigns neither those of its node that are named nor all that there are."""
    count, named = entry.take("count"), entry.texts("device_ids")
    if named:
        entry.note("device_ids")
        return len(named)
    if count in (None, -1, "all"):
        message = "in Docker it has all devices of its node, and here one."
        remedy = (
            "Set count to the number of devices that a node has, or name a ResourceClaimTemplate in claimTemplates."
        )
        entry.report.approximate(entry.where("count"), message, remedy)
        return 1
    return whole(count)


def _generic(reservations: Entry) -> dict[str, int]:
    result: dict[str, int] = {}
    for entry in reservations.items("generic_resources"):
        details = entry.inner("discrete_resource_spec")
        kind, value = details.take("kind"), whole(details.take("value"))
        if kind and value is not None:
            result[str(kind)] = result.get(str(kind), 0) + value
    return result
