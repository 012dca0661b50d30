"""References, logins, and what a registry may not do to whoever asks it."""

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ailtire_operator.oci import artifacts, credentials
from ailtire_operator.oci.credentials import Login
from ailtire_operator.oci.errors import RegistryError
from ailtire_operator.oci.reference import Reference, parse, parse_address
from ailtire_operator.oci.registry import digest_of
from ailtire_operator.oci.transport import Transport
from support.registry import Request, Response, scripted

DIGEST = "sha256:" + "0" * 64
STACK = b"apiVersion: ailtire.io/v1alpha1\n"


@pytest.fixture(autouse=True)
def docker_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Docker's configuration of a user who has none, and no proxy."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    yield tmp_path / "config.json"


def manifest(layer: bytes = STACK, **changes: Any) -> bytes:
    """A manifest of ours for a layer, with changes to the layer's entry."""
    entry = {"mediaType": artifacts.LAYER_TYPE, "digest": digest_of(layer), "size": len(layer), **changes}
    return json.dumps({"artifactType": artifacts.ARTIFACT_TYPE, "layers": [entry]}).encode()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("registry.example/shop", Reference("registry.example", "shop")),
        ("registry.example:5000/a/b-c:1.4", Reference("registry.example:5000", "a/b-c", "1.4")),
        (f"localhost/shop:1@{DIGEST}", Reference("localhost", "shop", "1", DIGEST)),
        ("[::1]:5000/shop", Reference("[::1]:5000", "shop")),
        ("redis:7", Reference("docker.io", "library/redis", "7")),
        ("team/redis", Reference("docker.io", "team/redis")),
    ],
)
def test_references_are_read_as_docker_reads_them(text: str, expected: Reference) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "", "/", "a b", "../x", "registry.example/../x", "registry.example/x?y", "registry.example/x#y",
        "user@registry.example/x", "registry.example/X", "Shop/x", "registry.example/x@sha256:00", "x\n",
        "registry.example:port/x", "registry.example/x@md5:" + "0" * 32, "a" * 600,
    ],
)  # fmt: skip
def test_nothing_else_is_a_reference(text: str) -> None:
    with pytest.raises(RegistryError):
        parse(text)


def test_an_address_names_its_registry() -> None:
    assert parse_address("oci://registry.example/x:1") == Reference("registry.example", "x", "1")
    for wrong in ("oci://shop", "oci://team/shop", "https://registry.example/x"):
        with pytest.raises(RegistryError):
            parse_address(wrong)


@pytest.mark.parametrize(
    ("registry", "is_local"),
    [
        ("localhost:5000", True),
        ("127.0.0.1", True),
        ("[::1]:5000", True),
        ("localhost.example", False),
        ("10.0.0.1", False),
    ],
)
def test_only_this_machine_may_do_without_tls(registry: str, is_local: bool) -> None:
    assert Reference(registry, "x").is_local is is_local


# Logins


def entry(user: str, password: str) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


@pytest.mark.parametrize(
    ("auths", "registry", "expected"),
    [
        ({"registry.example": entry("a", "b:c")}, "registry.example", Login("a", "b:c")),
        ({"https://registry.example": entry("a", "b")}, "registry.example", Login("a", "b")),
        ({"https://index.docker.io/v1/": entry("a", "b")}, "docker.io", Login("a", "b")),
        ({"registry.example": {"username": "a", "password": "b"}}, "registry.example", Login("a", "b")),
        ({"registry.example": entry("a", "b")}, "registry.example:5000", None),
        ({"registry.example": entry("a", "b")}, "sub.registry.example", None),
        ({"registry.example": {}}, "registry.example", None),
    ],
)
def test_a_login_is_that_of_this_registry(docker_config: Path, auths: Any, registry: str, expected: Any) -> None:
    docker_config.write_text(json.dumps({"auths": auths}))
    assert credentials.login(registry) == expected


def test_without_a_configuration_there_is_no_login() -> None:
    assert credentials.login("registry.example") is None


@pytest.mark.parametrize(
    ("config", "why"),
    [
        ("{", "cannot be read"),
        ({"auths": {"r.example": {"identitytoken": "x"}}}, "identity token"),
        ({"auths": {"r.example": {"auth": "%%%"}}}, "broken"),
        ({"credHelpers": {"r.example": "../evil"}}, "by no possible name"),
        ({"credHelpers": {"r.example": "not-there"}}, "docker-credential-not-there, which is not on the PATH"),
    ],
)
def test_a_login_that_cannot_be_used_is_told(docker_config: Path, config: Any, why: str) -> None:
    docker_config.write_text(config if isinstance(config, str) else json.dumps(config))
    with pytest.raises(RegistryError, match=why):
        credentials.login("r.example")


def test_a_helper_of_the_users_own_configuration_is_asked(
    docker_config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper = tmp_path / "docker-credential-keys"
    helper.write_text('#!/bin/sh\nread server\necho "{\\"Username\\": \\"$1\\", \\"Secret\\": \\"for $server\\"}"\n')
    helper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    docker_config.write_text(json.dumps({"credHelpers": {"r.example": "keys"}}))
    assert credentials.login("r.example") == Login("get", "for r.example")
    assert credentials.login("other.example") is None
    docker_config.write_text(json.dumps({"credsStore": "keys", "auths": {"https://r.example": {}}}))
    assert credentials.login("r.example") == Login("get", "for https://r.example")


def test_a_login_is_never_shown() -> None:
    assert "secret" not in repr(Login("user", "secret"))


# What a registry answers


def pull(host: str, wanted: str = ":1") -> bytes:
    return artifacts.pull(parse_address(f"oci://{host}/shop{wanted}"))[0]


def serving(found: bytes, layer: bytes = STACK) -> Callable[[Request], Response]:
    return lambda asked: Response(200, body=found if "/manifests/" in asked.path else layer)


def test_a_definition_is_read_by_tag_and_by_digest() -> None:
    with scripted(serving(manifest())) as registry:
        assert pull(registry.host) == pull(registry.host, f"@{digest_of(manifest())}") == STACK
        assert [each.path for each in registry.asked][:2] == [
            "/v2/shop/manifests/1",
            f"/v2/shop/blobs/{digest_of(STACK)}",
        ]


@pytest.mark.parametrize(
    ("found", "layer", "why"),
    [
        (manifest(), b"other" * 10, "answers with more than"),
        (manifest(), b"o" * len(STACK), "is not what its manifest says"),
        (manifest(), b"short", "is not what its manifest says"),
        (manifest(size=10**9), STACK, "larger than 1024 KiB"),
        (manifest(size=-1), STACK, "larger than"),
        (manifest(size=True), STACK, "larger than"),
        (manifest(digest="sha256:../../x"), STACK, "no digest that can be checked"),
        (manifest(digest="md5:" + "0" * 67), STACK, "no digest that can be checked"),
        (manifest(mediaType="text/html"), STACK, "does not know"),
        (b"{}", STACK, "is no definition of a stack"),
        (b"[", STACK, "is no definition of a stack"),
        (b"[" * 100_000, STACK, "is no definition of a stack"),
        (b" " * (1024 * 1024 + 1), STACK, "answers with more than"),
    ],
)
def test_what_is_no_definition_is_refused(found: bytes, layer: bytes, why: str) -> None:
    with scripted(serving(found, layer)) as registry, pytest.raises(RegistryError, match=why):
        pull(registry.host)


def test_a_manifest_with_another_digest_is_refused() -> None:
    with scripted(serving(manifest())) as registry, pytest.raises(RegistryError, match="another digest"):
        pull(registry.host, f"@{DIGEST}")


def test_a_refusal_is_told_by_the_code_alone() -> None:
    body = json.dumps({"errors": [{"code": "DENIED", "message": "\x1b[31mred"}]}).encode()
    with scripted(lambda asked: Response(403, body=body)) as registry, pytest.raises(RegistryError) as refused:
        pull(registry.host)
    assert str(refused.value).endswith("answers 403 (DENIED)")


def test_no_registry_is_a_sentence() -> None:
    with pytest.raises(RegistryError, match=r"cannot reach 127\.0\.0\.1:1"):
        pull("127.0.0.1:1")


# Logins and other hosts


def logged_in(docker_config: Path, host: str) -> None:
    docker_config.write_text(json.dumps({"auths": {host: entry("user", "word")}}))


def test_a_basic_login_is_given_where_it_is_asked_for(docker_config: Path) -> None:
    def answer(asked: Request) -> Response:
        if "authorization" not in asked.headers:
            return Response(401, {"WWW-Authenticate": 'Basic realm="x"'})
        return serving(manifest())(asked)

    with scripted(answer) as registry:
        with pytest.raises(RegistryError, match="wants a login: docker login"):
            pull(registry.host)
        logged_in(docker_config, registry.host)
        assert pull(registry.host) == STACK
        assert registry.asked[-1].headers["authorization"] == Login("user", "word").basic


def test_a_token_is_asked_for_with_the_login_and_our_own_scope(docker_config: Path) -> None:
    def answer(asked: Request) -> Response:
        if asked.path.startswith("/token"):
            return Response(200, body=b'{"token": "abc"}')
        if asked.headers.get("authorization") != "Bearer abc":
            challenge = f'Bearer realm="http://{asked.headers["host"]}/token",service="s",scope="repository:all:*"'
            return Response(401, {"WWW-Authenticate": challenge})
        return serving(manifest())(asked)

    with scripted(answer) as registry:
        logged_in(docker_config, registry.host)
        assert pull(registry.host) == STACK
        (token,) = [each for each in registry.asked if each.path.startswith("/token")]
        assert token.path == "/token?scope=repository%3Ashop%3Apull&service=s"
        assert token.headers["authorization"] == Login("user", "word").basic


@pytest.mark.parametrize("token", [b"{}", b"x", b'{"token": "a b"}', b'{"token": "a\\nX-Other: b"}', b'{"token": 5}'])
def test_what_is_no_token_is_a_refusal(docker_config: Path, token: bytes) -> None:
    def answer(asked: Request) -> Response:
        if asked.path.startswith("/token"):
            return Response(200, body=token)
        return Response(401, {"WWW-Authenticate": 'Bearer realm="/token"'})

    with scripted(answer) as registry, pytest.raises(RegistryError, match="wants a login"):
        pull(registry.host)


def test_a_redirect_is_followed_and_gets_no_login_at_another_host(docker_config: Path) -> None:
    def answer(asked: Request) -> Response:
        if "authorization" not in asked.headers:
            return Response(401, {"WWW-Authenticate": "Basic"})
        if "/blobs/" in asked.path:
            return Response(307, {"Location": f"http://{store.host}/content"})
        return serving(manifest())(asked)

    with scripted(lambda asked: Response(200, body=STACK)) as store, scripted(answer) as registry:
        logged_in(docker_config, registry.host)
        assert pull(registry.host) == STACK
        assert [each.path for each in store.asked] == ["/content"]
        assert "authorization" not in store.asked[0].headers


def test_redirects_come_to_an_end() -> None:
    with (
        scripted(lambda asked: Response(307, {"Location": "/again"})) as registry,
        pytest.raises(RegistryError, match="from one address to the next"),
    ):
        pull(registry.host)


@pytest.mark.parametrize("address", ["http://other.example/x", "file:///etc/passwd", "ftp://x/y", "https://user@x/y"])
def test_nothing_leads_a_registry_with_tls_elsewhere(address: str) -> None:
    with pytest.raises(RegistryError, match=r"(which|that) is not followed"):
        Transport("registry.example", plain=False)._allowed(address)


def test_an_upload_goes_to_no_other_scheme() -> None:
    def answer(asked: Request) -> Response:
        if asked.method == "POST":
            return Response(202, {"Location": "ftp://other.example/upload"})
        return Response(404)

    with scripted(answer) as registry, pytest.raises(RegistryError, match="without TLS"):
        artifacts.push(parse(f"{registry.host}/shop:1"), STACK)


def test_a_definition_that_is_too_large_is_not_sent() -> None:
    with pytest.raises(RegistryError, match="larger than 1024 KiB"):
        artifacts.push(parse("127.0.0.1:1/shop:1"), b"x" * (1024 * 1024 + 1))
