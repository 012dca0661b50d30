"""Kustomize itself, as kubectl has it: what renames objects and images reaches the places that definitions have."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from ailtire_operator import naming
from ailtire_operator.cli.failures import Exit
from ailtire_operator.model import references
from cluster.program import Cli
from lab.client import kubectl_path

LEAF: dict[str, Any] = {
    "imagePullSecrets": ["registry"],
    "configs": {"flags": {"configMap": "flags"}},
    "secrets": {"password": {"secret": "db", "key": "password"}},
    "services": {
        "web": {
            "image": "web:1",
            "environmentFrom": [{"configMap": "flags"}, {"secret": "db"}, {"secret": "of-somebody-else"}],
            "environmentValuesFrom": {"PASSWORD": {"secret": "db", "key": "password"}},
            "configs": {"flags": {"target": "/flags"}},
            "secrets": {"password": {}},
        },
        "of.somebody/else": {"image": "other:1"},
        "mail": {"type": "stack", "stackRef": {"name": "mailer"}},
    },
}
DEPTH = 4


def nested(depth: int) -> dict[str, Any]:
    """The leaf, and below it as many levels of the same."""
    below = {"low_er": {"type": "stack", "stack": nested(depth - 1)}} if depth else {}
    return {**LEAF, "services": {**LEAF["services"], **below}}


SHOP: dict[str, Any] = {**nested(DEPTH), "reconcileAs": "shop", "edge": {"tls": {"secretName": "certificate"}}}
KUSTOMIZATION: dict[str, Any] = {
    "resources": ["stacks.yaml"],
    "configurations": ["kustomizeconfig.yaml"],
    "namePrefix": "qa-",
    "images": [{"name": "web", "newName": "registry.example/web", "newTag": "2"}],
    "secretGenerator": [{"name": "db", "literals": ["password=x"]}],
    "configMapGenerator": [{"name": "flags", "literals": ["a=b"]}],
}


def resource(kind: str, name: str, version: str = "v1", **content: Any) -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name}, **content}


def stack(name: str, spec: dict[str, Any]) -> dict[str, Any]:
    return resource(naming.KIND, name, naming.API_VERSION, spec=spec)


def build(folder: Path) -> list[dict[str, Any]]:
    done = subprocess.run([str(kubectl_path()), "kustomize", str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


def values(spec: Any, path: references.Path) -> list[str]:
    """What stands at a path: all items of a list."""
    if isinstance(spec, list):
        return [each for item in spec for each in values(item, path)]
    if not path:
        return [spec]
    return values(spec[path[0]], path[1:]) if path[0] in spec else []


@pytest.fixture
def folder(tmp_path: Path, cli: Cli) -> Path:
    """A kustomization with two stacks, and the file that the program makes for them."""
    files = [stack("shop", SHOP), stack("mailer", {"templateOnly": True, "services": {"sender": {"image": "web:1"}}})]
    files += [resource("Secret", "registry"), resource("Secret", "certificate"), resource("ServiceAccount", "shop")]
    (tmp_path / "stacks.yaml").write_text(yaml.safe_dump_all(files))
    (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump(KUSTOMIZATION))
    made = cli("kustomizeconfig", "-f", str(tmp_path / "stacks.yaml"))
    assert (made.code, made.err) == (Exit.DONE, "")
    (tmp_path / "kustomizeconfig.yaml").write_text(made.out)
    return tmp_path


@pytest.fixture
def path(monkeypatch: pytest.MonkeyPatch) -> str:
    """A PATH on which kubectl is the lab's."""
    return f"{kubectl_path().parent}{os.pathsep}{os.environ['PATH']}"


def test_every_name_follows_what_it_names_and_every_image_is_replaced_at_any_depth(folder: Path) -> None:
    built = build(folder)
    made = {(each["kind"], each["metadata"]["name"]) for each in built}
    assert all(name.startswith("qa-") for _, name in made)
    (shop,) = [each["spec"] for each in built if each["kind"] == naming.KIND and each["metadata"]["name"] == "qa-shop"]
    named = [(kind, value) for kind, at in references.names(shop) for value in values(shop, at)]
    assert {kind for kind, _ in named} == {"AiltireStack", "ConfigMap", "Secret", "ServiceAccount"}
    assert {each for each in named if each not in made} == {("Secret", "of-somebody-else")}
    images = [value for at in references.images(shop) for value in values(shop, at)]
    assert set(images) == {"registry.example/web:2", "other:1"}
    assert images.count("registry.example/web:2") == DEPTH + 1


def test_a_boolean_that_kustomize_takes_for_a_pod_template_breaks_images_and_the_other_name_does_not(
    folder: Path,
) -> None:
    assert build(folder)
    former = (folder / "stacks.yaml").read_text().replace("templateOnly:", "template:")
    (folder / "stacks.yaml").write_text(former)
    with pytest.raises(AssertionError, match="expected sequence or mapping node"):
        build(folder)


def test_keys_that_cannot_be_reached_are_left_out_of_the_file_so_that_kustomize_takes_it(
    tmp_path: Path, cli: Cli
) -> None:
    keys = ["7", "a[]", "[b]", "[c=d]", "e\\", "f g", "h*", "-i", "j/k", 'l"m', "n\\o"]
    services = {key: {"image": "web:1"} for key in keys}
    (tmp_path / "stacks.yaml").write_text(json.dumps(stack("shop", {"services": services})))
    made = cli("kustomizeconfig", str(tmp_path / "stacks.yaml"))
    (tmp_path / "kustomizeconfig.yaml").write_text(made.out)
    (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump(KUSTOMIZATION))
    (shop,) = [each for each in build(tmp_path) if each["kind"] == naming.KIND]
    left = {key for key, each in shop["spec"]["services"].items() if each["image"] == "web:1"}
    assert left == {"7", "a[]", "[b]", "[c=d]", "e\\"}
    assert len(made.err.splitlines()) == len(left)


@pytest.mark.usefixtures("definitions")
def test_validate_render_and_diff_take_the_folder(folder: Path, path: str, cli: Cli) -> None:
    valid = cli("validate", "-k", str(folder), PATH=path)
    assert (valid.code, valid.err) == (Exit.DONE, "")
    assert "stack qa-shop is valid (10 stacks" in valid.out
    rendered = cli("render", "-k", str(folder), PATH=path)
    names = {(each["kind"], each["metadata"]["name"]) for each in yaml.safe_load_all(rendered.out)}
    assert ("Deployment", "qa-shop-web") in names
    assert "image: registry.example/web:2" in rendered.out
    assert "image: web:1" not in rendered.out
    different = cli("diff", "-k", str(folder), PATH=path)
    assert different.code == Exit.NO, different.err
    assert "+++ " in different.out
    assert "qa-shop" in different.out
