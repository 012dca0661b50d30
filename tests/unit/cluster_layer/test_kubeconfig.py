"""The plain kubeconfig: read as the Kubernetes client reads it, and left to it where it is not plain."""

import base64
import ssl
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from ailtire_operator.cluster import credentials, kubeconfig
from ailtire_operator.cluster.errors import ClusterError

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
    client = await credentials._by_client(path, None)
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
        ({"client-certificate-data": "AAAA"}, {}),
    ],
)
def test_what_is_more_than_plain_is_left_to_the_client(tmp_path: Path, user: Json, cluster: Json) -> None:
    assert kubeconfig.read(write(tmp_path, user, cluster), None) is None


_TEXTS = [
    *(("cluster", each) for each in ("server", "tls-server-name", "certificate-authority", "proxy-url")),
    *(("user", each) for each in ("token", "client-certificate", "client-key", "username", "password", "as")),
    *(("context", each) for each in ("namespace", "cluster", "user")),
]
_NO_FLAGS: tuple[Any, ...] = ("false", "true", "", 0, 1, [], {})
WRONG: list[tuple[str, str, Any]] = [
    *(("cluster", "insecure-skip-tls-verify", value) for value in _NO_FLAGS),
    ("cluster", "disable-compression", "true"),
    *((kind, name, value) for kind, name in _TEXTS for value in (5, True, ["a"], {"a": "b"}, 1.5)),
    *(("cluster", "certificate-authority-data", value) for value in ("?", 5, ["a"])),
    *(("user", name, value) for name in ("client-certificate-data", "client-key-data") for value in ("!", 5, True)),
    ("user", "exec", "login"),
    ("user", "as-groups", "admins"),
]


@pytest.mark.parametrize("used", [True, False], ids=["in use", "of another context"])
@pytest.mark.parametrize(("kind", "name", "value"), WRONG)
async def test_a_field_of_a_wrong_type_is_refused_with_its_path_as_by_kubectl(
    tmp_path: Path, kind: str, name: str, value: Any, used: bool
) -> None:
    path = Path(write(tmp_path, {}, {}))
    content = yaml.safe_load(path.read_text())
    if not used:
        content[f"{kind}s"].append({"name": "other", kind: {}})
    content[f"{kind}s"][-1][kind][name] = value
    path.write_text(yaml.safe_dump(content))
    place = rf"config: {kind}s\[{0 if used else 1}\]\.{kind}\.{name} must be "
    for paths in (str(path), f"{tmp_path}/none:{path}"):
        with pytest.raises(ClusterError, match=place):
            await credentials.load(paths)


async def test_a_credential_of_a_wrong_type_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(ClusterError) as raised:
        await credentials.load(write(tmp_path, {"token": 4711}, {}))
    assert str(raised.value).endswith("token must be a text, not a number (write it between quotation marks)")


@pytest.mark.parametrize(
    "content", ["clusters: {}", "users: 5", "current-context: 5", "contexts: [a]", "- a", "clusters: [{name: 5}]"]
)
async def test_so_is_a_file_of_another_shape(tmp_path: Path, content: str) -> None:
    (tmp_path / "config").write_text(content)
    with pytest.raises(ClusterError, match=r"config: .* must be "):
        await credentials.load(str(tmp_path / "config"))


def test_null_is_as_good_as_nothing_and_a_date_is_a_text(tmp_path: Path) -> None:
    nothing = {"insecure-skip-tls-verify": None, "certificate-authority-data": None}
    found = kubeconfig.read(write(tmp_path, {"token": date(2026, 1, 1)}, nothing, namespace=None), None)
    assert found is not None
    assert found.token == "Bearer 2026-01-01"
    assert found.tls is not None
    assert found.tls.verify_mode is ssl.CERT_REQUIRED


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
        (
            "ailtire_operator.cli.live, ailtire_operator.cli.trees, ailtire_operator.cli.tree_view",
            "pydantic kubernetes",
        ),
    ],
)
def test_a_command_starts_without_what_it_does_not_need(modules: str, left_out: str) -> None:
    """How long a command takes is mostly what it imports; this counts modules and not time."""
    code = f"import sys, {modules}; print(*set({left_out.split()!r}) & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
