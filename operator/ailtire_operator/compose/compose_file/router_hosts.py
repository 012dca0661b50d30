"""Which hosts of a project's routers the gateway can answer for, as it goes by the path alone.

It answers for hosts of which every path leads where Traefik would lead it: no host shows another one's application.
"""

from collections.abc import Iterable
from dataclasses import dataclass

Target = tuple[str, int | None, str]
"""The service, its port, and the path that it sees."""
ANY = ""
"""The host of a rule that names none."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One path that a router wants to have."""

    host: str
    prefix: str
    target: Target
    rank: tuple[bool, int] = (True, 0)
    """Of two claims to the same the greater has it, else the first."""
    is_kept: bool = True
    """Whether the route can be had; False where a protection of it is lost, so that it is left out."""


class RouterHosts:
    """Where each path of each host leads, and the hosts that the gateway can answer for together."""

    def __init__(self, claims: Iterable[Claim] = ()) -> None:
        won: dict[str, dict[str, Claim]] = {}
        for claim in claims:
            table = won.setdefault(claim.host, {})
            before = table.setdefault(claim.prefix, claim)
            if claim.rank > before.rank:
                table[claim.prefix] = claim
        self._common = won.pop(ANY, {})
        self._own = {host: self._beside_common(table) for host, table in won.items()}
        self._kept = {host: sum(each.is_kept for each in table.values()) for host, table in won.items()}
        self.answered: tuple[str, ...] = self._together() or (ANY,)
        """The hosts that share all their paths; of several such groups, the one with most paths that can be had."""

    def _beside_common(self, table: dict[str, Claim]) -> dict[str, Target]:
        """What a host has beside what every host has."""
        found: dict[str, Target] = {}
        for prefix, claim in table.items():
            common = self._common.get(prefix)
            if common is None or (common.rank < claim.rank and common.target != claim.target):
                found[prefix] = claim.target
        return found

    def _together(self) -> tuple[str, ...]:
        groups: dict[frozenset[tuple[str, Target]], list[str]] = {}
        for host, table in self._own.items():
            groups.setdefault(frozenset(table.items()), []).append(host)

        def worth(table: frozenset[tuple[str, Target]]) -> tuple[int, int, bool]:
            kept = max(self._kept[host] for host in groups[table])
            return kept, len(table), any(prefix == "/" for prefix, _ in table)

        best = max(groups, key=worth, default=None)
        return () if best is None else tuple(groups[best])

    def target(self, prefix: str) -> Target | None:
        """Where a path leads under the hosts that are answered; None where nobody wants it."""
        common = self._common.get(prefix)
        return self._own.get(self.answered[0], {}).get(prefix) or (common.target if common else None)
