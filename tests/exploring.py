"""``python -m exploring --minutes 10``: draws examples that nobody has drawn before, and keeps those that fail.

What is kept lies in tests/data/examples, as Hypothesis writes it; commit it with the mend. ``make test`` tries it again
each time, before it draws its own examples, which are always the same.
"""

import subprocess
import sys
import time
from typing import Annotated, Final

import typer
from hypothesis.database import DirectoryBasedExampleDatabase

from lab.paths import ROOT

KEPT: Final = ROOT / "tests" / "data" / "examples"
_LAWS: Final = "tests/property"
_FAILED: Final = 1
"""pytest's own exit code for it."""


class Keeping(DirectoryBasedExampleDatabase):
    """Examples stay once they have failed: Hypothesis would remove one as soon as it passes."""

    def delete(self, key: bytes, value: bytes) -> None:
        """Leave it."""

    def move(self, src: bytes, dest: bytes, value: bytes) -> None:
        """Copy it."""
        self.save(dest, value)


def main(minutes: Annotated[float, typer.Option(help="How long, in minutes.", min=0.01)] = 10.0) -> None:
    """Try the laws with examples of new random numbers until the time is up. Exit code 1 where one failed."""
    until = time.monotonic() + minutes * 60
    rounds = 0
    while (left := until - time.monotonic()) > 0:
        seed = time.time_ns() % 2**32
        rounds += 1
        print(f"round {rounds}, seed {seed}: {left / 60:.1f} minutes left", flush=True)
        code = _round(seed, left)
        if code == _FAILED:
            print(f"A law failed: its example is kept in {KEPT.relative_to(ROOT)}. Commit it with the mend.")
            raise typer.Exit(1)
        if code:
            raise typer.Exit(code)
    print(f"{rounds} rounds, and every law held")


def _round(seed: int, seconds: float) -> int:
    """pytest's exit code for one round; 0 where the time was up before its end."""
    pytest = [sys.executable, "-m", "pytest", "-q", "-x", "-n", "auto", _LAWS]
    chosen = ["--hypothesis-profile=explore", f"--hypothesis-seed={seed}"]
    try:
        return subprocess.run([*pytest, *chosen], cwd=ROOT, check=False, timeout=seconds).returncode
    except subprocess.TimeoutExpired:
        return 0


if __name__ == "__main__":
    typer.run(main)
