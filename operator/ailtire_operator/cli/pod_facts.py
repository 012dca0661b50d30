"""What the pods of a tree say beside their readiness: restarts, age, and use where it is measured. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from ailtire_operator import naming
from ailtire_operator.cli.trees import Member
from ailtire_operator.model.values import amount


@dataclass(frozen=True, slots=True)
class PodFacts:
    """Of all pods of a service or gateway, or of a whole subtree."""

    restarts: int = 0
    born: datetime | None = None
    """When the youngest pod was made: the last time that anything was rolled out or replaced."""
    cpu: Decimal | None = None
    """Processors; None where nothing is measured."""
    memory: Decimal | None = None
    """Bytes."""

    def __add__(self, other: "PodFacts") -> "PodFacts":
        return PodFacts(
            self.restarts + other.restarts,
            max((each for each in (self.born, other.born) if each is not None), default=None),
            _sum(self.cpu, other.cpu),
            _sum(self.memory, other.memory),
        )


def _sum(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return other if one is None else one if other is None else one + other


def facts(pods: Iterable[Mapping[str, Any]], metrics: Iterable[Mapping[str, Any]] = ()) -> dict[Member, PodFacts]:
    """By service; ``metrics`` are the PodMetrics of the same namespace."""
    used = {each["metadata"]["name"]: _use(each) for each in metrics}
    found: dict[Member, PodFacts] = {}
    for pod in pods:
        labels = pod["metadata"].get("labels") or {}
        member = labels.get(naming.LABEL_STACK, ""), labels.get(naming.LABEL_SERVICE, "")
        statuses = (pod.get("status") or {}).get("containerStatuses") or ()
        cpu, memory = used.get(pod["metadata"]["name"], (None, None))
        one = PodFacts(sum(each.get("restartCount", 0) for each in statuses), _born(pod), cpu, memory)
        found[member] = found.get(member, PodFacts()) + one
    return found


def _born(pod: Mapping[str, Any]) -> datetime | None:
    stamp = pod["metadata"].get("creationTimestamp")
    return datetime.fromisoformat(stamp) if stamp else None


def _use(metrics: Mapping[str, Any]) -> tuple[Decimal, Decimal]:
    usages = [each.get("usage") or {} for each in metrics.get("containers") or ()]
    cpu = sum((amount(each.get("cpu", "0")) for each in usages), Decimal(0))
    return cpu, sum((amount(each.get("memory", "0")) for each in usages), Decimal(0))


def cpu_text(cpu: Decimal | None) -> str:
    """In thousandths, as kubectl top says it."""
    return "" if cpu is None else f"{round(cpu * 1000)}m"


def memory_text(memory: Decimal | None) -> str:
    """In Mi, as kubectl top says it."""
    return "" if memory is None else f"{round(memory / 2**20)}Mi"


def age_text(born: datetime | None, now: datetime | None) -> str:
    """``45s``, ``12m``, ``5h``, ``3d``: roughly is enough. Both times are the API server's."""
    if born is None or now is None:
        return ""
    seconds = max(0, int((now - born).total_seconds()))
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
