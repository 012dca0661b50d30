"""Evaluates NetworkPolicies by their API: pods without a policy are open, and policies are additive.

A policy only has an effect if the cluster's network plugin enforces it. An ``ipBlock`` is evaluated for addresses
outside of pods only, as plugins differ for pods.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ailtire_operator.model.selectors import selects
from ailtire_operator.reach.ports import ALL, HIGHEST, NONE, Ports, Range
from ailtire_operator.reach.world import OUTSIDE, Policy, Workload, World

_SIDES: Final = {"Ingress": "from", "Egress": "to"}


@dataclass(frozen=True)
class Grant:
    """One rule of a policy, for one workload."""

    policy: Policy
    peers: frozenset[str]
    """The workloads that it admits, by name."""
    everybody: bool
    """Whether the rule has no peers, and so admits all."""
    blocks: tuple[str, ...]
    """The ranges of addresses that it admits."""
    entries: tuple[Mapping[str, Any], ...]
    """The ports as written; empty means all."""


@dataclass(frozen=True)
class Verdict:
    """Whether one workload reaches another."""

    ports: Ports
    """Those that both directions admit."""
    leaves: tuple[Grant, ...] | None
    """Egress rules that allow it; None if no policy restricts the source's egress."""
    enters: tuple[Grant, ...] | None
    """Ingress rules that allow it; None if no policy restricts the target's ingress."""


class Evaluator:
    """The policies of one namespace."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._selected: dict[str, frozenset[str]] = {}
        self._grants: dict[tuple[str, str], tuple[Grant, ...] | None] = {}
        self.outside: Final = Workload(OUTSIDE)

    def verdict(self, source: Workload, target: Workload) -> Verdict:
        """Whether, on which ports, and by which rules the source reaches the target."""
        leaves, out = self._admitted(source, target, "Egress", target)
        enters, into = self._admitted(target, source, "Ingress", target)
        return Verdict(_as_called(target, out & into), leaves, enters)

    def matrix(self, sources: Sequence[Workload], targets: Sequence[Workload]) -> dict[tuple[str, str], Ports]:
        """All pairs whose first workload reaches the second on some port."""
        found: dict[tuple[str, str], Ports] = {}
        for target in targets:
            grants = self.grants(target, "Ingress")
            peers = None if grants is None else frozenset[str]().union(*(each.peers for each in grants))
            for source in sources:
                if source is target or (peers is not None and source.name not in peers):
                    continue
                if ports := self.verdict(source, target).ports:
                    found[source.name, target.name] = ports
        return found

    def grants(self, subject: Workload, direction: str) -> tuple[Grant, ...] | None:
        """The rules for a workload's ``Ingress`` or ``Egress``; None if no policy restricts it."""
        key = subject.name, direction
        if key not in self._grants:
            about = [each for each in self._world.policies if each.about(direction) and self._concerns(each, subject)]
            rules = [(policy, rule) for policy in about for rule in policy.spec.get(direction.lower()) or ()]
            self._grants[key] = tuple(self._grant(*each, direction) for each in rules) if about else None
        return self._grants[key]

    def _concerns(self, policy: Policy, subject: Workload) -> bool:
        return not subject.outside and subject.name in self._select(policy.spec.get("podSelector") or {})

    def _admitted(
        self, subject: Workload, peer: Workload, direction: str, target: Workload
    ) -> tuple[tuple[Grant, ...] | None, Ports]:
        grants = self.grants(subject, direction)
        if grants is None:
            return None, ALL
        admitting = tuple(each for each in grants if peer.name in each.peers and _concerns_entry(each, target))
        ports = NONE
        for each in admitting:
            ports = ports | open_ports(each, target)
        return admitting, ports

    def _grant(self, policy: Policy, rule: Mapping[str, Any], direction: str) -> Grant:
        listed = rule.get(_SIDES[direction]) or []
        peers = {name for each in listed for name in self._peers(each)} if listed else {*self._world.workloads, OUTSIDE}
        blocks = tuple(each["ipBlock"]["cidr"] for each in listed if "ipBlock" in each)
        return Grant(policy, frozenset(peers), not listed, blocks, tuple(rule.get("ports") or ()))

    def _peers(self, peer: Mapping[str, Any]) -> frozenset[str]:
        if "ipBlock" in peer:
            return frozenset([OUTSIDE])
        namespaces = peer.get("namespaceSelector")
        if namespaces is not None and not selects(namespaces, self._world.namespace_labels):
            return frozenset()
        return self._select(peer.get("podSelector") or {})

    def _select(self, selector: Mapping[str, Any]) -> frozenset[str]:
        """The workloads that a selector matches; cached, as hundreds of rules have the same few selectors."""
        key = json.dumps(selector, sort_keys=True)
        if key not in self._selected:
            everyone = self._world.workloads.values()
            self._selected[key] = frozenset(each.name for each in everyone if selects(selector, each.labels))
        return self._selected[key]


def _as_called(target: Workload, ports: Ports) -> Ports:
    """The open ports, where a stack shares a gateway with others: its own alone, by the numbers of its Service."""
    if not target.through:
        return ports
    return Ports.of(("TCP", called, called) for port, called in target.entries if _tcp(port) & ports)


def _concerns_entry(grant: Grant, target: Workload) -> bool:
    """Whether a rule is about a target at all: not where it opens the port of another stack at the same gateway."""
    if not target.through:
        return True
    ports = open_ports(grant, target)
    return any(_tcp(port) & ports for port, _ in target.entries)


def _tcp(port: int) -> Ports:
    return Ports((("TCP", port, port),))


def open_ports(grant: Grant, target: Workload) -> Ports:
    """The ports that a rule opens; a named one is resolved by the target's pods."""
    if not grant.entries:
        return ALL
    return Ports.of(each for entry in grant.entries for each in _ranges(entry, target))


def _ranges(entry: Mapping[str, Any], target: Workload) -> list[Range]:
    protocol, port = entry.get("protocol", "TCP"), entry.get("port")
    if port is None:
        return [(protocol, 1, HIGHEST)]
    if isinstance(port, int):
        return [(protocol, port, entry.get("endPort", port))]
    named = [each for each in target.ports if (each.name, each.protocol) == (port, protocol)]
    return [(protocol, each.number, each.number) for each in named]
