"""The checks that run no code of the project: part of the suite, so that they run beside the tests that wait."""

import os
import re
import subprocess

import pytest

from lab.paths import ROOT


@pytest.mark.timeout(1200)  # without a cache, types take half a minute of the processor, which many others want too
@pytest.mark.parametrize("check", ["types", "lint", "imports", "verify"])
def test_the_check_of_the_makefile_finds_nothing(check: str) -> None:
    """As `make types` and so on."""
    done = make(check)
    assert done.returncode == 0, done.stdout


def targets() -> list[str]:
    """What a person may type, as `make` alone lists it."""
    return re.findall(r"^([a-z0-9-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize("target", targets())
def test_everything_that_a_target_of_the_makefile_needs_can_be_made(target: str) -> None:
    done = make("--dry-run", target)
    assert done.returncode == 0, done.stdout


def make(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run make as a person would; the virtual environment, which others use meanwhile, is left as it is."""
    inherited = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG")
    environment = {name: value for name, value in os.environ.items() if name not in inherited}
    return subprocess.run(
        ["make", "--no-print-directory", "--old-file=.venv/.installed", *arguments],
        cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
