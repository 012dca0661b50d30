"""examples/12-source as `build` reads it: which images it makes, of what, and in which order."""

import json

import pytest

from ailtire_operator.cli import app
from lab.paths import ROOT

EXAMPLE = ROOT / "examples" / "12-source"


def test_its_images_are_built_one_upon_another(capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--env", "prod", "--registry", "registry.example/helpdesk", "--tag", "1", "--push", "--print"]
    assert app.run(["build", str(EXAMPLE), *options]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert plan["group"]["default"]["targets"] == ["helpdesk-web", "helpdesk-tickets-api"]
    for name in plan["group"]["default"]["targets"]:
        assert plan["target"][name]["contexts"] == {"helpdesk_base": "target:helpdesk-base"}
        assert plan["target"][name]["output"] == ["type=registry"]
    assert "output" not in plan["target"]["helpdesk-base"]
