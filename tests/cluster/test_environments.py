"""examples/11-gitops: what kustomize builds of each environment, and that pipelines find it. No cluster is asked."""

import difflib
import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from cluster.program import run
from lab.client import kubectl_path
from lab.paths import ROOT

EXAMPLE = ROOT / "examples" / "11-gitops"
ENVIRONMENTS = ("dev", "qa", "prod")
MAKERS = {"dev": "SealedSecret", "qa": "ExternalSecret", "prod": "ExternalSecret"}


@cache
def built(folder: Path) -> str:
    command = [str(kubectl_path()), "kustomize", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def objects(environment: str) -> dict[str, dict[str, Any]]:
    found = [each for each in yaml.safe_load_all(built(EXAMPLE / "overlays" / environment)) if each]
    return {each["kind"]: each for each in found}


def referred_secrets(value: Any) -> set[str]:
    """The names of Secrets that a definition refers to, but for those of certificates."""
    if isinstance(value, dict):
        own = {value["secret"]} if isinstance(value.get("secret"), str) else set()
        return own.union(*(referred_secrets(each) for each in value.values()))
    return set()


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_environment_is_one_stack_and_who_makes_its_secret(environment: str) -> None:
    found = objects(environment)
    assert set(found) == {"AiltireStack", MAKERS[environment]}
    assert {each["metadata"]["namespace"] for each in found.values()} == {f"portal-{environment}"}
    assert found["AiltireStack"]["spec"]["environment"] == environment
    assert referred_secrets(found["AiltireStack"]["spec"]) == {found[MAKERS[environment]]["metadata"]["name"]}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_environment_is_valid(environment: str, tmp_path: Path) -> None:
    whole = tmp_path / f"{environment}.yaml"
    whole.write_text(built(EXAMPLE / "overlays" / environment))
    done = run(["validate", "--ignore-others", str(whole)], "", dict(os.environ))
    assert (done.code, done.err) == (0, ""), done.out + done.err


def test_each_environment_has_hosts_certificates_images_and_sizes_of_its_own() -> None:
    specs = [objects(each)["AiltireStack"]["spec"] for each in ENVIRONMENTS]
    for values in (
        [tuple(spec["edge"]["hosts"]) for spec in specs],
        [(spec["edge"].get("tls") or {}).get("secretName") for spec in specs],
        [tuple(spec["images"].values()) for spec in specs],
        [spec["services"]["web"].get("deploy", {}).get("replicas") for spec in specs],
    ):
        assert len(set(values)) == len(ENVIRONMENTS)


@pytest.mark.parametrize(("source", "target"), [("dev", "qa"), ("qa", "prod")])
def test_a_promotion_is_one_file_and_changes_images_alone(source: str, target: str, tmp_path: Path) -> None:
    folder = tmp_path / "promoted"
    shutil.copytree(EXAMPLE, folder)
    shutil.copy(folder / "overlays" / source / "images.yaml", folder / "overlays" / target / "images.yaml")
    before = built(EXAMPLE / "overlays" / target).splitlines()
    after = built(folder / "overlays" / target).splitlines()
    changed = [each for each in difflib.ndiff(before, after) if each[0] in "+-"]
    assert changed
    assert all(re.match(r"[+-] {5,}portal_\w+: docker\.io/", each) for each in changed)


def test_the_pipelines_name_every_environment_and_no_other() -> None:
    (applications,) = yaml.safe_load_all((EXAMPLE / "argocd" / "applicationset.yaml").read_text())
    (generator,) = applications["spec"]["generators"]
    assert [each["environment"] for each in generator["list"]["elements"]] == list(ENVIRONMENTS)
    template = applications["spec"]["template"]["spec"]
    assert template["source"]["path"] == "examples/11-gitops/overlays/{{.environment}}"
    assert template["destination"]["namespace"] == "portal-{{.environment}}"
    assert "ServerSideApply=true" in template["syncPolicy"]["syncOptions"]
    flux = [each for each in yaml.safe_load_all((EXAMPLE / "flux" / "environments.yaml").read_text()) if each]
    kustomizations = [each for each in flux if each["kind"] == "Kustomization"]
    assert [each["metadata"]["name"] for each in kustomizations] == [f"portal-{each}" for each in ENVIRONMENTS]
    for each in kustomizations:
        assert (ROOT / each["spec"]["path"] / "kustomization.yaml").exists()
        assert each["spec"]["wait"] is True
