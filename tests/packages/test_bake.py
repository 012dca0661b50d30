"""Docker's own bake reads the plan that ``build`` prints: what an author has written stays text, paths stay paths."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ailtire_operator.cli import app
from ailtire_operator.cli.build_plan import Attestations, Made, bake
from ailtire_operator.compose.builds import Target
from ailtire_operator.model.field_path import FieldPath
from lab import binaries
from packages.registries import SHOP
from support.definitions.applications import write


def baked(plan: str, *targets: str) -> Any:
    """The plan as bake understands it; it is run in the current folder and builds nothing."""
    command = [str(binaries.path("buildx")), "bake", "--print", "--file=-", *targets]
    done = subprocess.run(command, input=plan, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_bake_reads_the_plan_of_an_application(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    files = {"deploy/web/Dockerfile": "FROM shop_base\n", "deploy/base/Dockerfile": "FROM scratch\n"}
    entries = {**SHOP["deploy/build.js"], "base": {"dir": "base", "tag": "shop_base"}}
    write(tmp_path / "shop", {**SHOP, **files, "deploy/build.js": entries})
    options = ["--registry", "registry.example/team", "--tag", "1.4", "--push", "--sbom", "--provenance"]
    assert app.run(["build", "shop", "--env", "prod", *options, "--print"]) == 0
    found = baked(capsys.readouterr().out)
    assert found["group"]["default"]["targets"] == ["shop-api", "shop-web"]
    web = found["target"]["shop-web"]
    assert (web["context"], web["dockerfile"]) == ("shop/deploy/web", "Dockerfile")
    assert web["tags"] == ["registry.example/team/shop_web:1.4"]
    assert web["contexts"] == {"shop_base": "target:shop-base"}
    assert web["output"] == [{"type": "registry"}]
    assert [each["type"] for each in web["attest"]] == ["provenance", "sbom"]
    assert found["target"]["shop-base"]["output"] == [{"type": "cacheonly"}]


@pytest.mark.parametrize("text", ["${HOME}", "$${HOME}", '${upper("a")}', "%{if true}", "%%{x", "a$b", "$$", '"\\'])
def test_bake_evaluates_nothing_that_an_author_has_written(text: str) -> None:
    where = FieldPath("web")
    target = Target("web", "web", where, ".", inline=f"RUN {text}", args={"A": text}, labels={"l": text})
    plan = bake([Made("web", target, "web", is_used=True)], Attestations())
    counted = {
        **plan["target"]["web"]["args"],
        "COUNT": f'${{strlen("{_quoted(plan["target"]["web"]["args"]["A"])}")}}',
    }
    plan["target"]["web"]["args"] = counted
    found = baked(json.dumps(plan))["target"]["web"]
    assert found["args"]["COUNT"] == str(len(text)), "bake itself counts the characters that it has read"
    again = baked(json.dumps({"target": {"default": found}}))["target"]["default"]
    assert again == found, "what bake prints is escaped as the plan is, so that it reads the same again"


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
