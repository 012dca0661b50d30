"""The checks that run no code of the project: part of the suite, so that they run beside the tests that wait."""

import os
import subprocess

import pytest

from lab.paths import ROOT


@pytest.mark.parametrize("check", ["types", "lint", "imports", "verify"])
def test_the_check_of_the_makefile_finds_nothing(check: str) -> None:
    """As `make types` and so on; the virtual environment, which others use meanwhile, is left as it is."""
    inherited = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG")
    environment = {name: value for name, value in os.environ.items() if name not in inherited}
    done = subprocess.run(
        ["make", "--no-print-directory", "--old-file=.venv/.installed", check],
        cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
