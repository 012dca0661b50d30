"""What ``python -m bench`` has found: a table for a person, and the same figures as JSON."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Final

from rich.table import Table

from bench.availability import Availability

PLANE: Final = ("kube-apiserver", "etcd", "kube-controller-manager", "kube-scheduler", "kwok")
"""The control plane's programs, all of which run in each turn and are part of its sum."""

_DRIFT: Final = 1.25


@dataclass(frozen=True, slots=True)
class Taken:
    """One turn of one contender."""

    seconds: float
    """From the start of the command until the last object was there."""
    processor: Mapping[str, float]
    """Seconds of processor time in the same span, by program: the control plane's and the contender's own."""
    available: Availability
    """When its Deployments could serve."""
    processor_until_available: Mapping[str, float]
    """Seconds of processor time until the last of them could: by then every contender's pods have been made."""
    writes: int
    """Requests by which the contender changed something in the namespaces, until then."""
    objects: int
    """What the turn waited for, and what the contender makes beside it: child stacks, each an object."""
    removal: float = 0.0
    """Seconds from the deletion of the namespaces until they were gone."""

    @property
    def processor_sum(self) -> float:
        """Processor time of all programs together, until the last object was there."""
        return sum(self.processor.values())

    def __str__(self) -> str:
        return (
            f"{self.seconds:.1f} s, {self.processor_sum:.1f} s of processor time, {self.writes} writes; "
            f"all available after {self.available.last:.0f} s, all gone {self.removal:.0f} s after their deletion"
        )


@dataclass
class Comparison:
    """All turns; the first contender is the one that the others are compared with."""

    size: str
    machine: str
    versions: Mapping[str, str]
    load_before: float
    """The machine's load average."""
    load_after: float = 0.0
    operator_memory: float = 0.0
    """MiB that the operator held at the most after a turn."""
    turns: dict[str, list[Taken]] = field(default_factory=dict)

    def tables(self) -> Sequence[Table]:
        """Seconds by the clock, and seconds of processor time; medians."""
        present = self._by_processor("the last object is there", lambda turn: turn.processor)
        available = self._by_processor("the last Deployment is available", lambda turn: turn.processor_until_available)
        programs = ", ".join(f"{program} {version}" for program, version in self.versions.items())
        available.caption = (
            f"{self.machine}; {programs}; load average {self.load_before:.1f} before, {self.load_after:.1f} after; "
            f"operator: {self.operator_memory:.0f} MiB resident at the most"
        )
        return [self._by_the_clock(), self._by_availability(), present, available]

    def _by_the_clock(self) -> Table:
        title = (
            f"{self.size}: seconds from the start until the last object is there, and for the removal of the namespaces"
        )
        heads = ("median", "min - max", "ours / theirs", "objects", "writes per object", "removal", "ours / theirs")
        table = Table("contender", *heads, title=title)
        ours = median(turn.seconds for turn in self._first)
        for name, turns in self.turns.items():
            seconds = [turn.seconds for turn in turns]
            writes = median(turn.writes / turn.objects for turn in turns)
            spread = f"{min(seconds):.1f} - {max(seconds):.1f}"
            figures = (_figure(median(seconds)), spread, _ratio(ours, median(seconds)), str(turns[0].objects))
            removal = _removal(turns)
            ratio = _ratio(_removal(self._first), removal)
            table.add_row(name, *figures, f"{writes:.2f}", _figure(removal), ratio)
        return table

    def _by_availability(self) -> Table:
        """A ratio beside each: who is done first with all is not who is done first with half."""
        title = "seconds from the start until Deployments are available"
        heads = ("the first", "ours / theirs", "half of them", "ours / theirs", "all", "ours / theirs")
        table = Table("contender", *heads, title=title)
        ours = _availability_medians(self._first)
        for name, turns in self.turns.items():
            theirs = _availability_medians(turns)
            pairs = zip(ours, theirs, strict=True)
            table.add_row(name, *(text for a, b in pairs for text in (_figure(b), _ratio(a, b))))
        return table

    def _by_processor(self, until: str, of: Callable[[Taken], Mapping[str, float]]) -> Table:
        """The parts are medians each, so they need not add up to the median of the sums."""
        heads = ("API server", "etcd", "controller manager", "scheduler", "kwok", "contender", "sum", "ours / theirs")
        table = Table("contender", *heads, title=f"processor time in seconds, from the start until {until}")
        ours = median(sum(of(turn).values()) for turn in self._first)
        for name, turns in self.turns.items():
            parts = [median(of(turn).get(program, 0.0) for turn in turns) for program in PLANE]
            total = median(sum(of(turn).values()) for turn in turns)
            own = median(_own(of(turn)) for turn in turns)
            table.add_row(name, *map(_figure, (*parts, own, total)), _ratio(ours, total))
        return table

    @property
    def _first(self) -> list[Taken]:
        return next(iter(self.turns.values()))


def _availability_medians(turns: Sequence[Taken]) -> tuple[float, float, float]:
    """Medians over the turns: of the first, of half and of all."""
    found = [turn.available for turn in turns]
    return median(at.first for at in found), median(at.middle for at in found), median(at.last for at in found)


def _removal(turns: Sequence[Taken]) -> float:
    return median(turn.removal for turn in turns)


def _own(processor: Mapping[str, float]) -> float:
    """Processor time of all that is not the control plane: the contender's client and its controller."""
    return sum(seconds for program, seconds in processor.items() if program not in PLANE)


@dataclass
class Comparisons:
    """The same for several numbers of trees, one after the other on one control plane."""

    sizes: list[Comparison]

    def tables(self) -> Sequence[Table]:
        """Those of each size."""
        return [table for each in self.sizes for table in each.tables()]

    def drifted(self, control: str) -> list[str]:
        """The sizes in which the control's slowest turn took more than a quarter longer than its fastest."""
        found = []
        for each in self.sizes:
            seconds = [turn.seconds for turn in each.turns.get(control, ())]
            if seconds and max(seconds) > _DRIFT * min(seconds):
                found.append(f"{each.size}: {min(seconds):.1f} to {max(seconds):.1f} s")
        return found


def _figure(value: float) -> str:
    return f"{value:.1f}"


def _ratio(ours: float, theirs: float) -> str:
    return f"{ours / theirs:.2f}" if theirs else ""
