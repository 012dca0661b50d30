"""What the builder of the tests refuses, and what it can build without a registry."""

import pytest

from kindlab import builder, workloads
from lab.errors import LabError
from lab.paths import ROOT


def test_nobody_but_root_starts_buildkit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.binaries.ensure", lambda programs, tell: {})
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(LabError, match="has to be root"), builder.buildkit():
        pass


def test_the_examples_start_from_the_image_that_has_a_stand_in() -> None:
    dockerfiles = sorted((ROOT / "examples" / "12-source").rglob("Dockerfile"))
    starts = {line.split()[1] for file in dockerfiles for line in file.read_text().splitlines() if "FROM " in line}
    assert starts == {"helpdesk_base", workloads.stock_python()}
