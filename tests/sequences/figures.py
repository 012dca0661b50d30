"""What became of many sequences."""

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from support.checks.spread import spread


@dataclass
class Failure:
    """A sequence after which something did not hold."""

    sequence: str
    what: str
    story: str
    """The steps as YAML, to be repeated by ``python -m sequences --repeat FILE``."""


@dataclass
class Figures:
    """Counts of all lanes, and the sequences that went wrong."""

    counts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    """Of the definitions that did not get ready."""
    seconds: list[float] = field(default_factory=list)
    """From each admitted edit to its end."""
    failures: list[Failure] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, *what: str) -> None:
        """One more of each."""
        with self._lock:
            self.counts.update(what)

    def ended(self, seconds: float, ready: bool, reason: str) -> None:
        """An admitted edit has come to its end."""
        with self._lock:
            self.seconds.append(seconds)
            self.counts["ready" if ready else "condition"] += 1
            if not ready:
                self.reasons[reason] += 1

    def lines(self) -> Iterator[str]:
        """The figures for people."""
        counts = self.counts
        yield f"sequences {counts['sequences']}, wrong {len(self.failures)}, steps {counts['steps']}"
        yield (
            f"definitions written {counts['written']}: refused by the API server {counts['refused']}, "
            f"ended ready {counts['ready']}, ended in a condition {counts['condition']}"
        )
        steps = ", ".join(f"{name} {counts[name]}" for name in _STEPS if counts[name])
        yield f"of these steps: {steps}; compared with a tree made afresh {counts['compared']}"
        yield "conditions: " + ", ".join(f"{reason} {number}" for reason, number in self.reasons.most_common())
        if self.seconds:
            middle, late, last = spread(self.seconds)
            yield f"convergence: p50 {middle:.2f} s, p95 {late:.2f} s, max {last:.2f} s"


_STEPS = ("edit", "template", "break", "back", "suspend", "resume", "recreate", "disturb", "kill")
