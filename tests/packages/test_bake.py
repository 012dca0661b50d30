"""Docker's own bake reads the plan that ``build`` prints: what an author has written stays text, paths stay paths.

And it builds by it, with a BuildKit of these tests.
"""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import urllib3

from ailtire_operator.cli import app
from ailtire_operator.cli.build_plan import Attestations, Made, bake
from ailtire_operator.compose.builds import Target
from ailtire_operator.model.field_path import FieldPath
from ailtire_operator.oci.reference import parse
from ailtire_operator.oci.registry import Registry
from kindlab import builder
from lab import binaries
from packages.registries import SHOP, program_image, registry
from support.definitions.applications import write

SCANNER = "docker/buildkit-syft-scanner:stable-1"
"""The image by which BuildKit finds what is in an image, where no other one is named; it is at Docker Hub."""
SPDX = "https://spdx.dev/Document"


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


def test_buildkit_builds_and_pushes_by_the_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two images upon a third, which is not pushed; the definitions name both by the digests that BuildKit pushed."""
    monkeypatch.chdir(tmp_path)
    files = {
        "deploy/base/Dockerfile": "FROM scratch\nCOPY both.txt /\n",
        "deploy/base/both.txt": "for both\n",
        "deploy/web/Dockerfile": "FROM shop_base\nCOPY page.txt /\n",
        "deploy/web/page.txt": "a page\n",
        "api/Orders/deploy/Dockerfile": "FROM shop_base\nCOPY services.js /\n",
    }
    entries = {**SHOP["deploy/build.js"], "base": {"dir": "base", "tag": "shop_base"}}
    write(tmp_path / "shop", {**SHOP, **files, "deploy/build.js": entries})
    with registry(tmp_path) as host, builder.buildkit() as variables:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        options = ["--registry", f"{host}/team", "--tag", "1.4", "--push", "--provenance", "-o", "json"]
        assert app.run(["build", "shop", "--env", "prod", *options]) == 0
        told = json.loads(capsys.readouterr().out)
        made = {each["image"]: each["digest"] for each in told["images"] if each["built"] and "digest" in each}
        assert set(made) == {f"{host}/team/shop_web:1.4", f"{host}/team/shop_api:2"}
        web, api = (layers(reference, digest) for reference, digest in made.items())
        assert web[0] == api[0], "the layer of the base is in both"
        assert len(web) == len(api) == 2
        (address,) = (each["reference"] for each in told["definitions"] if each["package"] == "shop")
        assert app.run(["import", address, "--report", "none"]) == 0
        definition = capsys.readouterr().out
        assert all(f"{reference}@{digest}" in definition for reference, digest in made.items())
        assert artifacts(host) == {"team/shop", "team/shop_api", "team/shop_orders", "team/shop_web"}


def test_what_is_in_an_image_is_pushed_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """BuildKit starts a scanner, which names the packages of the image; a registry in Docker Hub's place has one."""
    monkeypatch.chdir(tmp_path)
    files = {
        "deploy/web/Dockerfile": "FROM scratch\nCOPY status /var/lib/dpkg/status\nCOPY os-release /etc/os-release\n",
        "deploy/web/os-release": "ID=debian\nVERSION_ID=12\n",
        "deploy/web/status": "Package: tide-tables\nStatus: install ok installed\nVersion: 4.2-1\nArchitecture: all\n",
    }
    write(tmp_path / "shop", {**SHOP, **files})
    with registry(tmp_path) as host, builder.buildkit(mirror=host) as variables:
        program_image(host, SCANNER, binaries.path("sbom-scanner"), "bin/sbom-scanner")
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        options = ["--registry", f"{host}/team", "--tag", "1.4", "--push", "--sbom", "-o", "json"]
        assert app.run(["build", "shop", "--env", "prod", *options]) == 0
        images = json.loads(capsys.readouterr().out)["images"]
        (web,) = (each for each in images if each["image"] == f"{host}/team/shop_web:1.4")
        (document,) = documents(web["image"], web["digest"])
    found = {(each["name"], each["versionInfo"]) for each in document["packages"] if "versionInfo" in each}
    assert ("tide-tables", "4.2-1") in found


def documents(reference: str, digest: str) -> list[Any]:
    """What is said of an image's content by the attestations beside it: documents of SPDX."""
    source = Registry(parse(reference))
    _, attestation = of_index(source, digest)
    entries = json.loads(source.manifest(attestation)[0])["layers"]
    found = [each for each in entries if each["annotations"]["in-toto.io/predicate-type"] == SPDX]
    return [json.loads(source.blob(each["digest"], each["size"]))["predicate"] for each in found]


def layers(reference: str, digest: str) -> list[str]:
    """The layers of the image that an index with a provenance beside it has, by their digests."""
    source = Registry(parse(reference))
    image, _ = of_index(source, digest)
    return [each["digest"] for each in json.loads(source.manifest(image)[0])["layers"]]


def of_index(source: Registry, digest: str) -> tuple[str, str]:
    """The digests of the image and of its attestations, in an index with both."""
    image, attestation = json.loads(source.manifest(digest)[0])["manifests"]
    assert attestation["annotations"]["vnd.docker.reference.type"] == "attestation-manifest"
    assert attestation["annotations"]["vnd.docker.reference.digest"] == image["digest"]
    return image["digest"], attestation["digest"]


def artifacts(host: str) -> set[str]:
    """All names in a registry."""
    with urllib3.PoolManager() as pool:
        return set(pool.request("GET", f"http://{host}/v2/_catalog").json()["repositories"])
