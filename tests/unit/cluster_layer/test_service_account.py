"""The pod's service account: where the API server is, whom it can be trusted to be, and a token that is replaced."""

import subprocess
import sys
from pathlib import Path

import certifi
import pytest

from ailtire_operator.cluster import service_account
from ailtire_operator.cluster.errors import ClusterError, Unavailable
from ailtire_operator.cluster.service_account import Token
from lab.paths import ROOT


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pod as the kubelet makes it."""
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    (tmp_path / "token").write_text("first\n")
    (tmp_path / "ca.crt").write_text(Path(certifi.where()).read_text())
    (tmp_path / "namespace").write_text("ailtire-system\n")
    return tmp_path


async def test_what_the_kubelet_has_put_there(folder: Path) -> None:
    found = service_account.read(folder)
    assert (found.host, found.namespace) == ("https://10.96.0.1:443", "ailtire-system")
    assert found.tls.check_hostname
    assert found.tls.get_ca_certs()
    assert await found.token.header() == "Bearer first"


def test_an_address_of_ipv6(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "fd00::1")
    assert service_account.read(folder).host == "https://[fd00::1]:443"


def test_a_pod_without_the_file_of_its_namespace(folder: Path) -> None:
    (folder / "namespace").unlink()
    assert service_account.read(folder).namespace == "default"


@pytest.mark.parametrize("name", ["token", "ca.crt"])
@pytest.mark.parametrize("content", [None, "", "\n"])
def test_a_part_that_is_absent_or_empty_is_named(folder: Path, name: str, content: str | None) -> None:
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_text(content)
    with pytest.raises(ClusterError, match=f"no usable configuration for the cluster: .*{name}"):
        service_account.read(folder)


def test_an_authority_that_is_no_certificate_is_not_trusted(folder: Path) -> None:
    (folder / "ca.crt").write_text("-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----\n")
    with pytest.raises(ClusterError, match="no usable configuration"):
        service_account.read(folder)


def test_a_port_that_is_absent(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_PORT")
    with pytest.raises(ClusterError, match="KUBERNETES_SERVICE_PORT"):
        service_account.read(folder)


async def test_a_token_is_read_anew_every_minute_and_its_absence_is_worth_another_try(tmp_path: Path) -> None:
    now = 100.0
    token = Token(tmp_path / "token", lambda: now)
    with pytest.raises(Unavailable, match="token cannot be read"):
        await token.header()
    token.path.write_text("first")
    assert await token.header() == "Bearer first"
    token.path.write_text("second")
    assert await token.header() == "Bearer first"
    now += 60
    assert await token.header() == "Bearer second"
    token.path.unlink()
    now += 60
    with pytest.raises(Unavailable, match="token cannot be read"):
        await token.header()
    token.path.write_text("third")
    assert await token.header() == "Bearer third"


def test_the_program_runs_without_the_kubernetes_client_and_can_import_it_later() -> None:
    """It would be ten megabytes for as long as the process runs."""
    code = (
        "import sys\n"
        "from ailtire_operator import __main__ as program\n"
        "program.import_kopf()\n"
        "import ailtire_operator.handlers\n"
        "assert not any(each.split('.')[0] in ('kubernetes', 'requests', 'urllib3') for each in sys.modules)\n"
        "import kubernetes.aio.config\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT / "operator", capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 0, ended.stderr
