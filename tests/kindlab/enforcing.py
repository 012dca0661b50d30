"""NetworkPolicies in force: by the network plugin where it can, by rules that the lab writes to the nodes elsewhere.

There ENFORCER=kube-router has kube-router do it instead, a product that people run.
"""

import json
import os
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from kindlab import engine, firewall, kube, kuberouter
from lab.errors import LabError

_RULES = "rules"
_NOTHING = f"table ip {firewall.TABLE}\ndelete table ip {firewall.TABLE}\n"


@dataclass(frozen=True)
class Enforcement:
    """The policies of some namespaces, in force."""

    namespaces: Collection[str]
    by_product: bool
    """Whether kindnet or kube-router sees to it, and follows every change."""

    def refresh(self) -> None:
        """Bring the lab's rules up to the policies and pods of the moment: by themselves they follow nothing."""
        if not self.by_product:
            found = _listed("NetworkPolicy", "Pod", "Namespace")
            here = [each for each in found["NetworkPolicy"] if each["metadata"]["namespace"] in self.namespaces]
            _write(firewall.ruleset(here, found["Pod"], found["Namespace"]))


@contextmanager
def enforced(namespaces: Collection[str]) -> Iterator[Enforcement]:
    """Put the policies of some namespaces in force for the length of the block."""
    if engine.pulls():
        yield Enforcement(namespaces, by_product=True)
    elif _by_kube_router():
        with kuberouter.running():
            yield Enforcement(namespaces, by_product=True)
    else:
        enforcement = Enforcement(namespaces, by_product=False)
        enforcement.refresh()
        try:
            yield enforcement
        finally:
            _write(_NOTHING)


def prepare() -> None:
    """Build what is needed for it, before any test's clock runs. Raises LabError for an ENFORCER that there is not."""
    if not engine.pulls() and _by_kube_router():
        kuberouter.image()


def lift() -> None:
    """Take away what a run left behind which was killed."""
    if not engine.pulls():
        _write(_NOTHING)
        kuberouter.remove()


def _by_kube_router() -> bool:
    chosen = os.environ.get("ENFORCER", _RULES)
    if chosen not in (_RULES, kuberouter.NAME):
        raise LabError(f"ENFORCER is '{chosen}': must be {_RULES} or {kuberouter.NAME}")
    return chosen == kuberouter.NAME


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
