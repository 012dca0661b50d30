"""``import oci://…``, and child stacks whose definition is in a registry."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from ailtire_operator.cli.failures import Exit
from ailtire_operator.oci import artifacts
from ailtire_operator.oci.registry import digest_of
from support.checks.commands import Run
from support.definitions.applications import deploy, services, stack, write
from support.registry import Request, Response, scripted

STACK: dict[str, Any] = {
    "apiVersion": "ailtire.io/v1alpha1",
    "kind": "AiltireStack",
    "metadata": {"name": "orders", "namespace": "theirs", "annotations": {"ailtire.io/adopt": "true"}},
    "spec": {"services": {"api": {"image": "registry.example/api:1", "stopSignal": "SIGINT"}}},
}


@pytest.fixture(autouse=True)
def docker_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "no-docker"))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


def manifest(layer: bytes) -> bytes:
    entry = {"mediaType": artifacts.LAYER_TYPE, "digest": digest_of(layer), "size": len(layer)}
    return json.dumps({"artifactType": artifacts.ARTIFACT_TYPE, "layers": [entry]}).encode()


def serving(content: str) -> Callable[[Request], Response]:
    layer = content.encode()

    def answer(asked: Request) -> Response:
        return Response(200, body=manifest(layer) if "/manifests/" in asked.path else layer)

    return answer


def test_the_definition_comes_without_what_its_author_says_of_a_cluster(run: Run) -> None:
    with scripted(serving(yaml.safe_dump(STACK))) as registry:
        result = run("import", f"oci://{registry.host}/team/orders:1.4", "-n", "shop")
    assert result.code == Exit.DONE, result.err
    (found,) = result.documents
    assert found["metadata"] == {"name": "orders", "namespace": "shop"}
    assert found["spec"] == STACK["spec"]
    digest = digest_of(manifest(yaml.safe_dump(STACK).encode()))
    assert f"orders:1.4 is oci://{registry.host}/team/orders@{digest} now" in result.err
    assert "sends SIGINT" in result.err
    assert "imported 1 stack with 1 service" in result.err


def test_by_digest_there_is_nothing_to_tell(run: Run) -> None:
    digest = digest_of(manifest(yaml.safe_dump(STACK).encode()))
    with scripted(serving(yaml.safe_dump(STACK))) as registry:
        result = run("import", f"oci://{registry.host}/orders@{digest}", "--name", "mine", "--report", "none")
    assert (result.err, result.documents[0]["metadata"]) == ("", {"name": "mine"})


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("a: [", "holds no YAML"),
        (yaml.safe_dump_all([STACK, STACK]), "holds something else than one AiltireStack"),
        (yaml.safe_dump({**STACK, "kind": "Secret"}), "holds something else than one AiltireStack"),
        (yaml.safe_dump({**STACK, "spec": None}), "without a name or a spec"),
        (yaml.safe_dump({**STACK, "spec": {"services": {"api": {"imag": "x"}}}}), "did you mean image?"),
        (yaml.safe_dump({**STACK, "metadata": {"name": "A B"}}), "metadata.name"),
    ],
)
def test_what_is_no_valid_definition_is_refused(run: Run, content: str, why: str) -> None:
    with scripted(serving(content)) as registry:
        result = run("import", f"oci://{registry.host}/orders:1")
    assert (result.code, result.out) == (Exit.NO, "")
    assert why in result.err


@pytest.mark.parametrize(
    "options", [["--env", "dev"], ["--tag", "1"], ["-f", "x"], ["--secrets"], ["--report", "sarif"]]
)
def test_options_for_files_are_refused(run: Run, options: list[str]) -> None:
    result = run("import", "oci://127.0.0.1:1/orders:1", *options)
    assert (result.code, result.out) == (Exit.TROUBLE, "")
    assert "cannot reach" not in result.err


def test_an_address_that_is_none_is_a_sentence(run: Run) -> None:
    for address in ("oci://orders", "oci://registry.example/A:1", "oci://registry.example/x@sha256:12"):
        result = run("import", address)
        assert (result.code, result.out) == (Exit.TROUBLE, "")
        assert result.err.startswith("error: '")


def application(folder: Path, image: str) -> None:
    files = {"deploy/deploy.js": deploy("shop", "dev"), "deploy/services.js": services(orders=stack(image))}
    write(folder / "shop", files)


def test_a_child_may_be_a_definition_of_a_registry(run: Run, tmp_path: Path) -> None:
    digest = digest_of(manifest(yaml.safe_dump(STACK).encode()))
    with scripted(serving(yaml.safe_dump(STACK))) as registry:
        application(tmp_path, f"oci://{registry.host}/orders@{digest}")
        result = run("import", "shop", "--remote-includes")
        assert result.code == Exit.DONE, result.err
        assert result.documents[0]["spec"]["services"]["orders"]["stack"] == STACK["spec"]
        registry.asked.clear()
        refused = run("import", "shop")
        assert (refused.code, refused.out, registry.asked) == (Exit.NO, "", [])
        assert "spec.services.orders: 'oci://" in refused.err and "only with --remote-includes" in refused.err


def test_a_file_means_the_same_each_time_it_is_read(run: Run, tmp_path: Path) -> None:
    application(tmp_path, "oci://127.0.0.1:1/orders:1")
    result = run("import", "shop", "--remote-includes")
    assert (result.code, result.out) == (Exit.NO, "")
    assert "has no digest" in result.err


def test_a_definition_only_for_resources_is_no_child(run: Run, tmp_path: Path) -> None:
    content = yaml.safe_dump({**STACK, "spec": {**STACK["spec"], "templateOnly": True}})
    with scripted(serving(content)) as registry:
        application(tmp_path, f"oci://{registry.host}/orders@{digest_of(manifest(content.encode()))}")
        result = run("import", "shop", "--remote-includes")
    assert result.code == Exit.NO
    assert "spec.services.orders.stack: an inline stack cannot have templateOnly" in result.err
