"""The plain kubeconfig: read as the Kubernetes client reads it, and left to it where it is not plain."""

import base64
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from ailtire_operator.cluster import credentials, kubeconfig

Json = dict[str, Any]


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST", "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("ALL_PROXY", raising=False)
    monkeypatch.delenv("all_proxy", raising=False)


def write(folder: Path, user: Json, cluster: Json, **context: Any) -> str:
    content = {
        "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1/", **cluster}}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u", **context}}],
        "current-context": "here",
    }
    (folder / "config").write_text(yaml.safe_dump(content))
    return str(folder / "config")


@pytest.mark.parametrize("user", [{}, {"token": "secret"}])
@pytest.mark.parametrize("cluster", [{}, {"tls-server-name": "k8s", "insecure-skip-tls-verify": True}])
@pytest.mark.parametrize("context", [{}, {"namespace": "prod"}])
async def test_it_is_read_as_the_client_reads_it(tmp_path: Path, user: Json, cluster: Json, context: Json) -> None:
    path = write(tmp_path, user, cluster, **context)
    found = kubeconfig.read(path, None)
    client = await credentials._by_client(path, None, in_pod=False)
    assert found is not None
    assert found.tls is not None
    assert client.tls is not None
    assert (found.host, found.namespace, found.server_name) == (client.host, client.namespace, client.server_name)
    assert (found.tls.check_hostname, found.tls.verify_mode) == (client.tls.check_hostname, client.tls.verify_mode)
    assert found.token == await client.token()


def test_certificates_come_from_the_file_or_from_files_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    class Context:
        def load_cert_chain(self, name: str) -> None:
            seen.append(Path(name).read_text())

    def made(cadata: str) -> Context:
        seen.append(cadata)
        return Context()

    monkeypatch.setattr(ssl, "create_default_context", made)
    texts = {"certificate-authority": "CA", "client-certificate": "CERT", "client-key": "KEY"}
    inside = {f"{name}-data": base64.b64encode(text.encode()).decode() for name, text in texts.items()}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    for given in (inside, {name: name for name in texts}):
        ca = {name: value for name, value in given.items() if name.startswith("certificate-authority")}
        user = {name: value for name, value in given.items() if name not in ca}
        assert kubeconfig.read(write(tmp_path, user, ca), None) is not None
    assert seen == ["CA", "CERT\nKEY"] * 2


@pytest.mark.parametrize(
    ("user", "cluster"),
    [
        ({"exec": {"command": "login"}}, {}),
        ({"auth-provider": {"name": "oidc"}}, {}),
        ({"tokenFile": "/token"}, {}),
        ({"username": "a", "password": "b"}, {}),
        ({"as": "somebody", "token": "x"}, {}),
        ({}, {"proxy-url": "http://proxy"}),
        ({}, {"server": "127.0.0.1:1"}),
        ({}, {"certificate-authority": "nowhere.pem"}),
        ({}, {"certificate-authority-data": "?"}),
        ({"client-certificate-data": "AAAA"}, {}),
    ],
)
def test_what_is_more_than_plain_is_left_to_the_client(tmp_path: Path, user: Json, cluster: Json) -> None:
    assert kubeconfig.read(write(tmp_path, user, cluster), None) is None


def test_so_are_several_files_other_contexts_and_proxies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, {}, {})
    assert kubeconfig.read(path, None) is not None
    assert kubeconfig.read(path, "nobody") is None
    assert kubeconfig.read(f"{path}:{path}", None) is None
    assert kubeconfig.read(str(tmp_path / "none"), None) is None
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy")
    assert kubeconfig.read(path, None) is None


@pytest.mark.parametrize(
    ("modules", "left_out"),
    [
        ("ailtire_operator.cli.app", "pydantic yaml orjson asyncio rich aiohttp kubernetes"),
        ("ailtire_operator.cli.live, ailtire_operator.cli.trees, ailtire_operator.cli.treeview", "pydantic kubernetes"),
    ],
)
def test_a_command_starts_without_what_it_does_not_need(modules: str, left_out: str) -> None:
    """How long a command takes is mostly what it imports; this counts modules and not time."""
    code = f"import sys, {modules}; print(*set({left_out.split()!r}) & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
