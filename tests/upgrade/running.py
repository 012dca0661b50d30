"""Trees that run while their operator is replaced, and what must not change of them."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ailtire_operator import naming
from lab import Audit, ControlPlane
from lab.audit import OPERATOR, Request
from lab.errors import LabError
from lab.paths import ROOT
from support.kube import whole_tree
from support.kube.trees import Trees, targets

_COMPOSE = ROOT / "tests" / "data" / "compose"
_IMPORTED = ("airflow", "gitea", "nextcloud", "wordpress")
_IMPORT = "from ailtire_operator.cli import main; main()"
_READY_SECONDS = 180.0
_QUIET_SECONDS = 6.0
"""Longer than any pause of the operator that does not grow."""


@dataclass(frozen=True)
class State:
    """What must not change."""

    pods: whole_tree.Pods
    templates: whole_tree.Templates


@dataclass(frozen=True)
class Applications:
    """Trees in a namespace of their own each: one with every kind of object, the example, and imported projects."""

    plane: ControlPlane
    audit: Audit
    roots: dict[str, str]
    """The name of each tree's root, by namespace."""

    @classmethod
    def apply(cls, plane: ControlPlane, source: Path) -> "Applications":
        """Write them as a user of the checkout would, and wait until all are ready."""
        found = cls(plane, Audit(plane), {"every-kind": "shop", "shop": "shop", **{name: name for name in _IMPORTED}})
        for namespace in ("every-kind", *_IMPORTED):
            plane.api.create("/api/v1/namespaces", {"metadata": {"name": namespace}})
        plane.kubectl("apply", "--server-side", "-k", str(source / "examples" / "shop"))
        # Its usual host is the example's here, and a shared host would be reported.
        spec = {**whole_tree.spec(), "edge": {"hosts": ["every-kind.example"]}}
        found.trees("every-kind").apply("shop", spec)
        for name in _IMPORTED:
            definition = _imported(source, _COMPOSE / f"{name}.yaml")
            plane.kubectl("apply", "--server-side", "-n", name, "-f", "-", stdin=definition)
        for namespace, root in found.roots.items():
            found.trees(namespace).until_ready(root, timeout=_READY_SECONDS)
        return found

    def trees(self, namespace: str) -> Trees:
        """Those of one namespace."""
        return Trees(self.plane, self.audit, namespace)

    def state(self) -> State:
        """What must not change, of all namespaces; names of objects bear their namespace."""
        pods, templates = set[tuple[str, str]](), dict[str, tuple[str, Any]]()
        for namespace in self.roots:
            trees = self.trees(namespace)
            pods |= {(f"{namespace}/{name}", uid) for name, uid in whole_tree.pods(trees)}
            templates |= {f"{namespace}: {name}": each for name, each in whole_tree.templates(trees).items()}
        return State(pods, templates)

    def quiet(self) -> int:
        """Wait until the operator writes nothing any more, and return a mark in the audit log."""
        return self.audit.quiet(seconds=_QUIET_SECONDS, timeout=_READY_SECONDS)

    def change(self, before: State, mark: int) -> "Change":
        """What has changed since."""
        after, writes = self.state(), self.audit.writes(mark, user=OPERATOR)
        statuses = [each for each in writes if each.subresource == "status"]
        return Change(
            stacks=sum(len(self.trees(namespace).all_of(naming.KIND)) for namespace in self.roots),
            pods=len(after.pods),
            restarted=tuple(sorted(name for name, _ in before.pods - after.pods)),
            changed=tuple(sorted(key for key, each in before.templates.items() if after.templates.get(key) != each)),
            statuses=len(statuses),
            others=tuple(targets(each for each in writes if each.subresource != "status" and not _is_revision(each))),
        )


def _is_revision(write: Request) -> bool:
    """Whether it keeps the definition of a tree, which an operator does that finds none."""
    return write.resource == "controllerrevisions.apps" and "--revision-" in write.name


def _imported(source: Path, file: Path) -> str:
    """What the checkout's own program makes of a Compose file. Raises LabError with what it said."""
    command = [sys.executable, "-c", _IMPORT, "import", str(file), "--name", file.stem]
    environment = {**os.environ, "PYTHONPATH": str(source / "operator")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabError(f"import {file.name}: {done.stderr}")
    return done.stdout


@dataclass(frozen=True)
class Change:
    """What the replacement of the operator changed."""

    stacks: int
    pods: int
    restarted: tuple[str, ...]
    """Pods that are not there any more."""
    changed: tuple[str, ...]
    """Workloads with another pod template, or made again."""
    statuses: int
    """Writes of a stack's status."""
    others: tuple[str, ...]
    """All other writes, as ``patch deployments.apps shop-web``."""

    @property
    def is_harmless(self) -> bool:
        """Whether nothing but statuses was written, and no pod restarted."""
        return not (self.restarted or self.changed or self.others)

    def lines(self) -> Iterable[str]:
        """For people."""
        yield (
            f"{self.stacks} stacks, {self.pods} pods: {len(self.restarted)} pods restarted, {len(self.changed)} pod"
            f" templates changed, {self.statuses} statuses written, {len(self.others)} other writes"
        )
        yield from (f"  restarted: {each}" for each in self.restarted)
        yield from (f"  changed: {each}" for each in self.changed)
        yield from (f"  {count} x {what}" for what, count in Counter(self.others).most_common())
