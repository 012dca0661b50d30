"""The README's tour is run as it stands: every ``$`` line of its console blocks, against a running operator.

What is shown must come: each line of the output that the README shows is looked for, in order. ``...`` stands for any
lines; runs of blanks and ages do not count.
"""

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
import yaml

from ailtire_operator.model.loading import levels, parse_stack
from lab import ControlPlane, Operator
from lab.client import kubectl_path
from lab.paths import ROOT
from support.kube.namespaces import await_gone

README = ROOT / "README.md"
_SECONDS = 180
_AGE = re.compile(r"\b(\d+[smhd])+$")


@dataclass
class Step:
    """One command of the tour and what the README says it prints."""

    command: str
    shown: list[str] = field(default_factory=list)


def blocks(language: str) -> Iterator[str]:
    yield from re.findall(rf"^```{language}\n(.*?)^```", README.read_text(), re.DOTALL | re.MULTILINE)


def steps() -> list[Step]:
    found: list[Step] = []
    for block in blocks("console"):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append(Step(line[2:]))
            else:
                found[-1].shown.append(line)
    return found


def plain(line: str) -> str:
    return _AGE.sub("AGE", " ".join(line.split()))


def missing(shown: list[str], printed: str) -> list[str]:
    """The shown lines that were not printed in this order."""
    lines = iter([plain(line) for line in printed.splitlines()])
    return [line for line in shown if line.strip() != "..." and plain(line) not in lines]


def test_the_readme_shows_commands_with_output() -> None:
    assert len(steps()) > 10
    assert missing(["a  12s", "...", "c"], "a 9m3s\nb\nc\n") == []
    assert missing(["c", "a"], "a\nb\nc\n") == ["a"]


def test_every_stack_in_the_readme_is_valid() -> None:
    resources = [resource for block in blocks("yaml") for resource in yaml.safe_load_all(block)]
    assert resources
    for resource in resources:
        stack = parse_stack(resource)
        assert len(list(levels(stack.name, stack.spec, {}))) > 1


@pytest.mark.timeout(600)
def test_the_tour_runs_as_it_is_written(control_plane: ControlPlane, operator: Operator) -> None:
    assert operator.ready
    await_gone(control_plane, "shop")
    control_plane.kubectl("apply", "--server-side", "-k", "examples/shop")
    control_plane.ailtire("wait", "shop", "-n", "shop", "--timeout", "2m", timeout=_SECONDS)
    path = os.pathsep.join([str(ROOT / ".venv/bin"), str(kubectl_path().parent), os.environ["PATH"]])
    environment = {**os.environ, "KUBECONFIG": str(control_plane.kubeconfig), "PATH": path, "COLUMNS": "200"}
    for step in steps():
        done = subprocess.run(
            step.command,
            shell=True,
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
        )
        printed = done.stdout + done.stderr
        assert missing(step.shown, printed) == [], f"$ {step.command}\n{printed}"
    control_plane.kubectl("delete", "namespace", "shop", "--wait=false")
