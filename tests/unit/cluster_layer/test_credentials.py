"""Where the API server is and who we are: files as people have them, and the pod's service account."""

import base64
from pathlib import Path
from typing import Any

import pytest
import yaml

from ailtire_operator.cluster import credentials
from ailtire_operator.cluster.connection import Connection
from ailtire_operator.cluster.errors import ClusterError, Unavailable


def _kubeconfig(path: Path, *, user: dict[str, Any], cluster: dict[str, Any] | None = None, **context: str) -> Path:
    named = {"cluster": "c", "user": "u", **context}
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:1", **(cluster or {})}}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "here", "context": named}, {"name": "there", "context": {**named, "namespace": "far"}}],
        "current-context": "here",
    }
    path.write_text(yaml.safe_dump(content))
    return path


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


async def test_a_token(tmp_path: Path) -> None:
    path = _kubeconfig(tmp_path / "config", user={"token": "secret"}, namespace="prod")
    login = await credentials.load(str(path))
    assert (login.host, login.namespace, login.tls) == ("http://127.0.0.1:1", "prod", None)
    assert await login.token() == "Bearer secret"


async def test_another_context(tmp_path: Path) -> None:
    path = _kubeconfig(tmp_path / "config", user={})
    assert (await credentials.load(str(path))).namespace == "default"
    login = await credentials.load(str(path), "there")
    assert login.namespace == "far"
    assert await login.token() is None


async def test_the_file_of_the_environment_and_that_of_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home" / ".kube"
    home.mkdir(parents=True)
    _kubeconfig(home / "config", user={}, namespace="home")
    assert (await credentials.load()).namespace == "home"
    monkeypatch.setenv("KUBECONFIG", str(_kubeconfig(tmp_path / "env", user={}, namespace="env")))
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    assert (await credentials.load()).namespace == "env", "named on purpose, even inside a pod"


async def test_the_file_is_never_written(tmp_path: Path) -> None:
    path = _kubeconfig(tmp_path / "config", user={"token": "secret"})
    before = path.read_bytes()
    await credentials.load(str(path))
    assert path.read_bytes() == before


async def test_tls_without_verification_is_only_what_the_file_asks_for(tmp_path: Path) -> None:
    cluster: dict[str, Any] = {"server": "https://127.0.0.1:1/", "tls-server-name": "kubernetes"}
    login = await credentials.load(str(_kubeconfig(tmp_path / "a", user={}, cluster=cluster)))
    assert login.tls is not None
    assert login.tls.check_hostname
    assert (login.server_name, login.host) == ("kubernetes", "https://127.0.0.1:1")
    cluster["insecure-skip-tls-verify"] = True
    login = await credentials.load(str(_kubeconfig(tmp_path / "b", user={}, cluster=cluster)))
    assert login.tls is not None
    assert not login.tls.check_hostname


async def test_a_password(tmp_path: Path) -> None:
    login = await credentials.load(str(_kubeconfig(tmp_path / "config", user={"username": "a", "password": "b"})))
    assert await login.token() == "Basic " + base64.b64encode(b"a:b").decode()


@pytest.mark.parametrize("content", ["", "nonsense", "[]", "clusters: []\ncurrent-context: none\ncontexts: []"])
async def test_an_unusable_file_is_an_error_in_words(tmp_path: Path, content: str) -> None:
    path = tmp_path / "config"
    path.write_text(content)
    with pytest.raises(ClusterError, match="no usable configuration for the cluster"):
        await credentials.load(str(path))


async def test_no_file_at_all(tmp_path: Path) -> None:
    for path in (str(tmp_path / "none"), None):
        with pytest.raises(ClusterError, match="there is no file"):
            await credentials.load(path)
    with pytest.raises(ClusterError, match="no usable configuration"):
        await credentials.load(None, "some-context")


async def test_in_a_pod(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    with pytest.raises(ClusterError, match=r"no usable configuration for the cluster: .*serviceaccount/token"):
        await credentials.load()


async def test_a_token_that_cannot_be_read_is_worth_another_try() -> None:
    class Unreadable:
        async def get_api_key_with_prefix(self, name: str) -> str:
            raise OSError("the file is gone")

    with pytest.raises(Unavailable, match="token cannot be read"):
        await credentials._token(Unreadable())()


async def test_opening_makes_no_request(tmp_path: Path) -> None:
    path = _kubeconfig(tmp_path / "config", user={}, namespace="prod")
    async with await Connection.open(kubeconfig=str(path)) as connection:
        assert (connection.namespace, connection.host) == ("prod", "http://127.0.0.1:1")
