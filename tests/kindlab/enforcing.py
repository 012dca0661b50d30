"""NetworkPolicies in force: by the network plugin where it can, by rules that the lab writes to the nodes elsewhere."""

import json
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from kindlab import engine, firewall, kube

_NOTHING = f"table ip {firewall.TABLE}\ndelete table ip {firewall.TABLE}\n"


@dataclass(frozen=True)
class Enforcement:
    """The policies of some namespaces, in force."""

    namespaces: Collection[str]
    by_plugin: bool
    """Whether the cluster's network plugin sees to it, as stock kindnet does, and follows every change."""

    def refresh(self) -> None:
        """Bring the lab's rules up to the policies and pods of the moment: by themselves they follow nothing."""
        if not self.by_plugin:
            found = _listed("NetworkPolicy", "Pod", "Namespace")
            here = [each for each in found["NetworkPolicy"] if each["metadata"]["namespace"] in self.namespaces]
            _write(firewall.ruleset(here, found["Pod"], found["Namespace"]))


@contextmanager
def enforced(namespaces: Collection[str]) -> Iterator[Enforcement]:
    """Put the policies of some namespaces in force for the length of the block."""
    enforcement = Enforcement(namespaces, by_plugin=engine.pulls())
    enforcement.refresh()
    try:
        yield enforcement
    finally:
        lift()


def lift() -> None:
    """Take the lab's rules away; those, too, that a run left behind which was killed."""
    if not engine.pulls():
        _write(_NOTHING)


def _write(rules: str) -> None:
    def at(node: str) -> None:
        engine.docker("exec", "-i", node, "nft", "-f", "-", stdin=rules)

    with ThreadPoolExecutor() as writing:
        list(writing.map(at, kube.nodes()))


def _listed(*kinds: str) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {kind: [] for kind in kinds}
    for each in json.loads(kube.kubectl("get", ",".join(kinds), "--all-namespaces", "-o", "json"))["items"]:
        found[each["kind"]].append(each)
    return found
