"""Nothing that a Compose file says is lost without a word: take any value away, and the objects or the report differ.

That asks no table what an import reads: it holds for keys that nobody has thought of.
"""

import re
from pathlib import Path
from typing import Any, Final

import pytest

from ailtire_operator.compose.compose_file import docker_compose, healthcheck, source_files
from ailtire_operator.compose.compose_file.docker_compose import Choices
from ailtire_operator.compose.errors import ApplicationError, ComposeError
from ailtire_operator.compose.importing import compose_files
from ailtire_operator.compose.keys import row_of
from support.compose.compose_cases import NAMES, Conversion, convert_canonical, is_told, leaves, without

_DEFAULTS: Final = {
    "services.*.ports[].mode": ("ingress",),
    "services.*.ports[].protocol": ("tcp",),
    "services.*.volumes[].bind.create_host_path": (True,),
    "services.*.restart": ("always", "unless-stopped"),
    "services.*.healthcheck.interval": ("30s",),
    "services.*.healthcheck.timeout": ("30s",),
    "services.*.healthcheck.retries": (3,),
    "services.*.healthcheck.start_interval": ("5s",),
    "services.*.secrets[].mode": ("0444",),
    "services.*.configs[].mode": ("0444",),
    "services.*.stop_grace_period": ("30s",),
    "services.*.stop_signal": ("SIGTERM",),
    "services.*.deploy.mode": ("replicated", "replicated-job"),
    "services.*.deploy.replicas": (1,),
    "services.*.deploy.endpoint_mode": ("vip", "dnsrr"),
    "services.*.deploy.restart_policy.condition": ("any", "on-failure"),
    "services.*.deploy.update_config.parallelism": (1,),
    "services.*.deploy.update_config.order": ("stop-first",),
    "services.*.deploy.resources.reservations.devices[].driver": ("nvidia",),
    "services.*.deploy.resources.reservations.devices[].capabilities[]": ("gpu",),
    "services.*.deploy.resources.reservations.devices[].count": (1,),
    "networks.*.driver": ("bridge", "overlay"),
    "volumes.*.driver": ("local",),
}
"""What says no more than its absence, at least beside what else these files say."""
_OPERATORS: Final = re.compile(r"services\.\*\.(depends_on|deploy\.(update|rollback)_config|networks\.\*\.aliases)\b")
"""What the operator acts on itself, beside the objects that it plans: there the spec has to differ."""
_MADE: Final = re.compile(r"(networks|volumes|configs|secrets)\.\*\.name")
"""Docker Compose makes these names up itself where the file gives none."""


def silently_lost(data: dict[str, Any], folder: Path) -> list[str]:
    """Values that can be taken away without anybody's noticing."""
    whole = convert_canonical(data, folder, ("services",))
    lost = []
    for location in leaves(data):
        row = row_of(location)
        less, value = without(data, location)
        if row is None or _is_default(row.path, value) or is_told(location, row, whole.notices):
            continue
        try:
            if not _differs(whole, convert_canonical(less, folder, ("services",)), row.path):
                lost.append(f"{'.'.join(map(str, location))}: {value!r}")
        except ComposeError:
            continue  # it matters
    return lost


def _is_default(path: str, value: Any) -> bool:
    if path == "services.*.secrets[].target":
        return str(value).startswith("/run/secrets/")
    return value in _DEFAULTS.get(path, ()) or bool(_MADE.fullmatch(path)) or path.endswith(".required")


def _differs(one: Conversion, other: Conversion, path: str) -> bool:
    if (one.objects, set(one.notices)) != (other.objects, set(other.notices)):
        return True
    return bool(_OPERATORS.match(path)) and one.stack != other.stack


_SAID_TWICE: Final = {
    "depends_on": "service_started",
    "airflow-init.restart: 'no'": "others wait for its end",
    "expose": "the port is published as well",
    "container_name": "the service's own key",
    "aliases": "the service's own key",
}


@pytest.mark.parametrize("name", NAMES)
def test_every_value_shows_in_the_objects_or_in_the_report(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DB_PASSWORD", "x")
    monkeypatch.setenv("GITLAB_HOME", "/srv/gitlab")
    files = compose_files(NAMES[name])
    choices = Choices(shell_variables=True)
    as_written = source_files.read(files, files[0].parent, choices, confined=docker_compose.is_confined())
    data = docker_compose.load(files, choices, files[0].parent).data
    as_written.restore_extensions(data)
    lost = silently_lost(data, files[0].parent)
    assert [each for each in lost if not any(key in each for key in _SAID_TWICE)] == []


def test_the_check_can_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = {"services": {"a": {"image": "a", "working_dir": "/x", "healthcheck": {"test": ["CMD", "x"]}}}}
    assert silently_lost(data, tmp_path) == []
    monkeypatch.setattr(healthcheck, "healthcheck", lambda service: service.forget())
    assert silently_lost(data, tmp_path) == [
        "services.a.healthcheck.test.0: 'CMD'",
        "services.a.healthcheck.test.1: 'x'",
    ]


def test_whoever_has_no_docker_compose_is_told_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docker_compose, "_candidates", lambda: iter([str(tmp_path / "docker-compose")]))
    docker_compose._command.cache_clear()
    try:
        with pytest.raises(ApplicationError, match=r"Install the Docker Compose plugin .*`docker compose version`"):
            docker_compose._command()
    finally:
        docker_compose._command.cache_clear()
