"""Chooses the hosts for which the gateway can answer, as it routes by path only.

It answers for hosts whose paths all have the same targets as in Traefik, so that no host shows another's application.
"""

from collections.abc import Iterable
from dataclasses import dataclass

Target = tuple[str, int | None, str]
"""The service, its port, and the path that it gets."""
ANY = ""
"""The host of a rule without one."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One path that a router claims."""

    host: str
    prefix: str
    target: Target
    rank: tuple[bool, int] = (True, 0)
    """Of two claims to the same path the greater rank wins, else the first."""
    is_kept: bool = True
    """Whether the route is possible; False if it is left out, as a protection is lost."""


class RouterHosts:
    """The target of each path of each host, and the hosts that the gateway can answer for together."""

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
        """The hosts that share all their paths; of several such groups, the one with most possible paths."""

    def _beside_common(self, table: dict[str, Claim]) -> dict[str, Target]:
        """The paths of a host that not every host has."""
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
        """The target of a path under the answered hosts; None if no router claims it."""
        common = self._common.get(prefix)
        return self._own.get(self.answered[0], {}).get(prefix) or (common.target if common else None)
