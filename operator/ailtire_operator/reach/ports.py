"""Sets of ports, by protocol."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

_PROTOCOLS: Final = ("TCP", "UDP", "SCTP")
HIGHEST: Final = 65535
Range = tuple[str, int, int]
"""Protocol, first and last port."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Ranges in order, without overlaps."""

    ranges: tuple[Range, ...] = ()

    @classmethod
    def of(cls, ranges: Iterable[Range]) -> "Ports":
        """The union of any ranges."""
        merged: list[Range] = []
        for protocol, first, last in sorted(ranges):
            if merged and merged[-1][0] == protocol and first <= merged[-1][2] + 1:
                merged[-1] = (protocol, merged[-1][1], max(last, merged[-1][2]))
            else:
                merged.append((protocol, first, last))
        return cls(tuple(merged))

    def __bool__(self) -> bool:
        return bool(self.ranges)

    def __or__(self, other: "Ports") -> "Ports":
        if other is self or not other:
            return self
        return Ports.of([*self.ranges, *other.ranges])

    def __and__(self, other: "Ports") -> "Ports":
        return Ports.of(_common(self.ranges, other.ranges))

    def texts(self) -> list[str]:
        """``all``, or ``3000/TCP`` and ``8000-8010/UDP``."""
        if self == ALL:
            return ["all"]
        return [f"{first}/{name}" if first == last else f"{first}-{last}/{name}" for name, first, last in self.ranges]

    def __str__(self) -> str:
        if self == ALL:
            return "all ports"
        return ", ".join(self.texts()) or "no port"


def _common(left: Iterable[Range], right: Iterable[Range]) -> Iterator[Range]:
    others = list(right)
    for protocol, first, last in left:
        for name, low, high in others:
            if name == protocol and max(first, low) <= min(last, high):
                yield protocol, max(first, low), min(last, high)


ALL: Final = Ports.of((protocol, 1, HIGHEST) for protocol in _PROTOCOLS)
NONE: Final = Ports()


def one(text: str) -> Ports:
    """``5432`` or ``53/UDP``. Raises ValueError."""
    number, _, protocol = text.partition("/")
    protocol = protocol.upper() or "TCP"
    if protocol not in _PROTOCOLS or not number.isdecimal() or not 1 <= int(number) <= HIGHEST:
        raise ValueError(f"'{text}' is no port; write 5432, or 53/UDP")
    return Ports(((protocol, int(number), int(number)),))
