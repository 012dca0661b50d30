"""Draws documents by a seed and has each judged."""

from dataclasses import dataclass, field

from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis import seed as seeded

from agreement.documents import Document, documents
from agreement.judging import Judgement, judge
from lab.api import Api


@dataclass
class Tally:
    """What has come of the documents."""

    valid: int = 0
    refused: int = 0
    disagreements: list[Judgement] = field(default_factory=list)

    def add(self, found: Judgement) -> None:
        """Count one."""
        if not found.agree:
            self.disagreements.append(found)
        if found.server or found.operator:
            self.refused += 1
        else:
            self.valid += 1

    def __str__(self) -> str:
        total = self.valid + self.refused
        return f"{total} documents, {self.refused} of them refused, {len(self.disagreements)} disagreements"


def run(api: Api, count: int, seed: int, tally: Tally) -> None:
    """Judge so many documents; the same seed draws the same ones."""

    @seeded(seed)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
    )
    @given(document=documents())
    def each(document: Document) -> None:
        tally.add(judge(api, document))

    each()
