"""What the unit tests share."""

import io
import sys
from pathlib import Path

import pytest

from ailtire_operator.cli import app
from support.checks.commands import PAYMENT, SERVICES, SHOP, Result, Run


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Runs a command in a folder that holds the files, where there is no cluster."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "no-cluster"))
    (tmp_path / "shop.yaml").write_text(SHOP)
    (tmp_path / "payment.yaml").write_text(PAYMENT)
    (tmp_path / "services.js").write_text(SERVICES)

    def run(*arguments: str, stdin: str = "") -> Result:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        code = app.run(arguments)
        told = capsys.readouterr()
        assert "Traceback" not in told.err
        return Result(code, told.out, told.err)

    return run
