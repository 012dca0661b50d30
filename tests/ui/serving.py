"""``kubectl ailtire ui`` as a process of its own, as a person starts it."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from lab.client import environment
from lab.paths import ROOT
from lab.waiting import eventually

_URL: Final = re.compile(r"(?P<origin>http://127\.0\.0\.1:(?P<port>\d+))/\S*#code=(?P<code>\S+)")
_START_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 15.0


@dataclass
class Serving:
    """A server that runs."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)
    """What it has printed so far, standard error included."""

    @property
    def _printed(self) -> re.Match[str] | None:
        return next((found for line in list(self.lines) if (found := _URL.search(line))), None)

    @property
    def started(self) -> bool:
        """Whether it has said where the page is."""
        if self.process.poll() is not None:
            raise AssertionError(f"it ended with exit code {self.process.returncode}: {''.join(self.lines)}")
        return self._printed is not None

    def _said(self, part: str) -> str:
        found = self._printed
        assert found is not None, "".join(self.lines)
        return found[part]

    @property
    def url(self) -> str:
        """The address that it printed, with the code that opens it once."""
        return self._said("origin") + "/#code=" + self.code

    @property
    def origin(self) -> str:
        """Where the page is, without a path."""
        return self._said("origin")

    @property
    def port(self) -> int:
        """Its port of the loopback address."""
        return int(self._said("port"))

    @property
    def code(self) -> str:
        """What opens the page, once."""
        return self._said("code")

    @property
    def output(self) -> str:
        """All that it has printed so far."""
        return "".join(self.lines)


@contextmanager
def served(kubeconfig: Path, *arguments: str) -> Iterator[Serving]:
    """Run it for as long as the block lasts, with these arguments, beside one of the lab's control planes."""
    with served_with(environment(kubeconfig), *arguments) as serving:
        yield serving


@contextmanager
def served_with(variables: Mapping[str, str], *arguments: str) -> Iterator[Serving]:
    """The same with these variables of its environment, one of which names the kubeconfig; no browser is opened."""
    command = [sys.executable, "-c", "from ailtire_operator.cli import main; main()", "ui", "--no-browser", *arguments]
    variables = {**variables, "PYTHONPATH": str(ROOT / "operator"), "PYTHONUNBUFFERED": "1"}
    with _running(command, variables) as serving:
        eventually(lambda: serving.started, _START_SECONDS, "the page's address")
        yield serving


@contextmanager
def _running(command: Sequence[str], variables: Mapping[str, str]) -> Iterator[Serving]:
    with subprocess.Popen(
        command, env={**os.environ, **variables}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        serving = Serving(process)

        def read() -> None:
            assert process.stdout is not None
            serving.lines.extend(iter(process.stdout.readline, ""))

        reader = threading.Thread(target=read)
        reader.start()
        try:
            yield serving
        finally:
            process.terminate()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
            reader.join(_STOP_SECONDS)
