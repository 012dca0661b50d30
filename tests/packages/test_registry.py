"""Definitions in a real registry, the CNCF's: what is pushed is read back, byte for byte and by digest."""

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3
import yaml

from ailtire_operator.cli import app
from ailtire_operator.oci import artifacts
from ailtire_operator.oci.errors import RegistryError
from ailtire_operator.oci.reference import Reference, parse
from ailtire_operator.oci.registry import MANIFEST, Registry, digest_of
from packages.registries import SHOP, image, registry
from support.definitions.applications import write

WORDS = "user:$2a$04$K.Vpi1BbALdaAOnvL0BvfeindZH9aD1vBStW5e/JxjFRoz31hUPI6"
"""What htpasswd makes of the user and the password "word"."""


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with registry(tmp_path) as address:
        yield address


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[str, str]:
    code = app.run(arguments)
    told = capsys.readouterr()
    assert code == 0, told.err
    return told.out, told.err


def test_what_is_pushed_is_read_back_by_tag_and_by_digest(host: str) -> None:
    definition = b"apiVersion: ailtire.io/v1alpha1\n" * 30_000
    pushed = artifacts.push(parse(f"{host}/team/shop:1.4"), definition)
    assert artifacts.pull(parse(f"{host}/team/shop:1.4")) == (definition, pushed)
    assert artifacts.pull(pushed) == (definition, pushed)
    assert artifacts.push(parse(f"{host}/team/shop:other"), definition) == pushed


def test_the_registry_itself_checks_the_manifest_that_is_pushed(host: str) -> None:
    pushed = artifacts.push(parse(f"{host}/shop:1"), b"x")
    with urllib3.PoolManager() as pool:
        answer = pool.request("GET", f"http://{host}/v2/shop/manifests/{pushed.digest}", headers={"Accept": MANIFEST})
    manifest = answer.json()
    assert manifest["artifactType"] == artifacts.ARTIFACT_TYPE
    assert manifest["layers"] == [
        {
            "mediaType": artifacts.LAYER_TYPE,
            "digest": f"sha256:{hashlib.sha256(b'x').hexdigest()}",
            "size": 1,
            "annotations": {"org.opencontainers.image.title": "stack.yaml"},
        }
    ]
    with pytest.raises(RegistryError, match=r"answers 4\d\d \(MANIFEST_BLOB_UNKNOWN\)"):
        missing = {"mediaType": artifacts.LAYER_TYPE, "digest": digest_of(b"not there"), "size": 9}
        Registry(parse(f"{host}/shop:2")).write_manifest(
            {"schemaVersion": 2, "mediaType": MANIFEST, "config": missing, "layers": [missing]}
        )


def test_what_is_not_there_is_told(host: str) -> None:
    with pytest.raises(RegistryError, match=r"answers 404 \(MANIFEST_UNKNOWN\)"):
        artifacts.pull(parse(f"{host}/nothing:1"))


def test_an_image_is_no_definition(host: str) -> None:
    image(host, "web", "1")
    with pytest.raises(RegistryError, match="is no definition of a stack"):
        artifacts.pull(parse(f"{host}/team/web:1"))


def test_build_pushes_definitions_whose_images_are_pinned(host: str, capsys: pytest.CaptureFixture[str]) -> None:
    write(Path("shop"), SHOP)
    web, api = image(host, "shop_web", "1.4"), image(host, "shop_api", "2")
    options = ("shop", "--env", "prod", "--registry", f"{host}/team", "--tag", "1.4")
    out, err = run(capsys, "build", *options, "--push", "--no-images", "-o", "json")
    assert f"note: {host}/team/redis:7 is not in the registry" in err
    result = json.loads(out)
    digests = {each["image"]: each.get("digest") for each in result["images"]}
    assert digests == {f"{host}/team/shop_web:1.4": web, f"{host}/team/shop_api:2": api, f"{host}/team/redis:7": None}
    addresses = {each["package"]: each["reference"] for each in result["definitions"]}
    assert set(addresses) == {"shop", "shop_orders"}
    (shop,) = yaml.safe_load_all(run(capsys, "import", addresses["shop"])[0])
    assert shop["spec"]["images"] == {
        "shop_web": f"{host}/team/shop_web:1.4@{web}",
        "shop_api:2": f"{host}/team/shop_api:2@{api}",
    }
    assert shop["spec"]["environment"] == "prod"
    tagged, told = run(capsys, "import", f"oci://{host}/team/shop_orders:1.4-prod", "--name", "mine", "-n", "x")
    (orders,) = yaml.safe_load_all(tagged)
    assert addresses["shop_orders"] in told
    assert orders["metadata"] == {"name": "mine", "namespace": "x"}
    assert orders["spec"]["images"] == {"shop_api:2": f"{host}/team/shop_api:2@{api}"}
    assert "imageRegistry" not in orders["spec"]
    assert json.loads(run(capsys, "build", *options, "--push", "--no-images", "-o", "json")[0]) == result


def test_without_the_images_no_definition_is_pushed(host: str, capsys: pytest.CaptureFixture[str]) -> None:
    write(Path("shop"), SHOP)
    image(host, "shop_web", "latest")
    command = ["build", "shop", "--env", "prod", "--registry", f"{host}/team", "--push", "--no-images"]
    assert app.run(command) == 2
    assert "shop_api:2: 127.0.0.1" in capsys.readouterr().err
    with pytest.raises(RegistryError, match="404"):
        artifacts.pull(Reference(host, "team/shop", "prod"))


def test_a_registry_that_wants_a_login_gets_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    (tmp_path / "words").write_text(f"{WORDS}\n")
    auth = {"auth": {"htpasswd": {"realm": "lab", "path": str(tmp_path / "words")}}}
    with registry(tmp_path, **auth) as host:
        with pytest.raises(RegistryError, match="wants a login: docker login"):
            artifacts.push(parse(f"{host}/shop:1"), b"x")
        for word, accepted in (("wrong", False), ("word", True)):
            entry = {"auth": base64.b64encode(f"user:{word}".encode()).decode()}
            (tmp_path / "config.json").write_text(json.dumps({"auths": {host: entry}}))
            if accepted:
                assert artifacts.pull(artifacts.push(parse(f"{host}/shop:1"), b"x"))[0] == b"x"
            else:
                with pytest.raises(RegistryError, match=r"answers 401 \(UNAUTHORIZED\)"):
                    artifacts.push(parse(f"{host}/shop:1"), b"x")
