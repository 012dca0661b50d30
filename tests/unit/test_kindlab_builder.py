"""Which builder the tests on real nodes have, before anything is built."""

import pytest

from kindlab import builder
from lab.errors import LabError


def test_a_builder_that_there_is_not_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kindlab.workloads.python", lambda tell: "python")
    monkeypatch.setenv("BUILDER", "buildah")
    with pytest.raises(LabError, match="BUILDER is 'buildah': must be engine or buildkit"):
        builder.prepare()


def test_nobody_but_root_starts_buildkit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.binaries.ensure", lambda programs, tell: {})
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(LabError, match="has to be root"), builder.buildkit():
        pass
