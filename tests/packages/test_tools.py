"""What tools of pipelines and of daily work make of our files: kubeconform's verdicts, and k9s' own schemas."""

import json
import subprocess
from pathlib import Path

import jsonschema
import pytest
import yaml

from ailtire_operator.model.editor_schema import editor_schema
from lab import binaries, toolchain
from lab.paths import ROOT
from lab.report import say

K9S = "github.com/derailed/k9s@v0.50.16"
PLACE = "{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json"
"""As the CRDs-catalog names its schemas."""
EXAMPLES = sorted((ROOT / "examples").glob("0[1-68]*/stack.yaml"))


@pytest.fixture(scope="module")
def schemas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("schemas")
    (folder / "ailtire.io").mkdir()
    (folder / "ailtire.io" / "ailtirestack_v1alpha1.json").write_text(json.dumps(editor_schema()))
    return folder


def kubeconform(schemas: Path, *files: Path) -> tuple[int, str]:
    command = [str(binaries.path("kubeconform")), "-summary", "-schema-location", f"{schemas}/{PLACE}"]
    done = subprocess.run([*command, *map(str, files)], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_kubeconform_takes_the_examples(schemas: Path) -> None:
    code, told = kubeconform(schemas, *EXAMPLES)
    assert code == 0, told
    assert "Invalid: 0, Errors: 0, Skipped: 0" in told
    assert len(EXAMPLES) > 5


def test_kubeconform_refuses_what_is_wrong_at_any_depth(schemas: Path, tmp_path: Path) -> None:
    wrong = {"services": {"web": {"imge": "web:1"}}}
    spec = {"services": {"orders": {"type": "stack", "stack": wrong}}}
    stack = {"apiVersion": "ailtire.io/v1alpha1", "kind": "AiltireStack", "metadata": {"name": "shop"}, "spec": spec}
    (tmp_path / "stack.yaml").write_text(yaml.safe_dump(stack))
    code, told = kubeconform(schemas, tmp_path / "stack.yaml")
    assert code == 1
    assert "'imge' not allowed" in told


@pytest.mark.parametrize("name", ["plugins", "views"])
def test_k9s_takes_its_files(name: str) -> None:
    go = toolchain.go((1, 24, 0), say)
    done = subprocess.run([go, "mod", "download", "-json", K9S], capture_output=True, text=True, check=True)
    folder = Path(json.loads(done.stdout)["Dir"]) / "internal" / "config" / "json" / "schemas"
    schema = json.loads((folder / f"{name}.json").read_text())
    file = yaml.safe_load((ROOT / "manifests" / "k9s" / f"{name}.yaml").read_text())
    assert list(jsonschema.Draft7Validator(schema).iter_errors(file)) == []
