"""Words that are booleans in YAML 1.1 (``on``, ``no``, ``y``), which kubectl reads, and texts to Docker Compose."""

from pathlib import Path
from typing import Any

import pytest

from ailtire_operator.cli import app
from ailtire_operator.compose.compose_file import docker_compose
from ailtire_operator.compose.compose_file.docker_compose import Choices
from ailtire_operator.compose.yaml_data import YamlError, documents
from support.compose.compose_cases import convert_text

_SPELLINGS = [form for word in ("y", "n", "yes", "no", "on", "off") for form in (word, word.title(), word.upper())]
WORDS = list(dict.fromkeys(_SPELLINGS))
SERVICES = [word for word in WORDS if word.islower()]
"""Docker Compose takes other keys of services too, which no AiltireStack needs here."""


def written() -> str:
    """A file that has each of the words wherever an author may write one."""
    lines = ["name: p", "services:"]
    for each in SERVICES:
        lines += [f"  {each}:", "    image: i", "    restart: no", "    environment:"]
        lines += [f"      {word}: {word}" for word in WORDS] + ["    labels:"]
        lines += [f"      {word}: {word}" for word in WORDS] + ["    networks:"]
        lines += [f"      {word}: {{}}" for word in SERVICES] + ["    volumes:"]
        lines += [f"      - {{type: volume, source: {word}, target: /{word}}}" for word in SERVICES]
        lines += ["    depends_on: [on]"] if each != "on" else []
    for section in ("networks", "volumes"):
        lines += [f"{section}:", *(f"  {word}:" for word in SERVICES)]
    return "\n".join(lines) + "\n"


@pytest.fixture
def resolved(tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "oracle").mkdir()
    (tmp_path / "oracle/compose.yaml").write_text(written())
    return docker_compose.load([tmp_path / "oracle/compose.yaml"], Choices(), tmp_path / "oracle").data


def test_every_word_is_what_docker_compose_says(tmp_path: Path, resolved: dict[str, Any]) -> None:
    found = convert_text(tmp_path / "import", written())
    assert set(found.services) == set(resolved["services"]) == set(SERVICES)
    for key, service in resolved["services"].items():
        assert found.services[key]["environment"] == service["environment"]
        assert found.services[key]["annotations"] == service["labels"]
        assert set(found.services[key]["networks"]) == set(service["networks"])
        assert {each["source"] for each in found.services[key]["volumes"].values()} == set(SERVICES)
        assert found.services[key]["deploy"]["restartPolicy"] == {"condition": "none"}
        assert found.services[key].get("dependsOn") == ({"on": {}} if key != "on" else None)
    assert "true" not in found.told.replace("nocopy: true", "").replace("perReplica: true", "")


def test_what_is_printed_is_the_same_to_kubectl(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "compose.yaml").write_text(written())
    assert app.run(["import", str(tmp_path)]) == 0
    (stack,) = [each for _, each in documents(capsys.readouterr().out)]
    assert set(stack["spec"]["services"]) == set(SERVICES)
    assert stack["spec"]["services"]["on"]["environment"] == {word: word for word in WORDS}


def test_a_key_that_stands_twice_is_refused_by_what_is_written() -> None:
    assert list(documents("{on: 1, y: 2, 010: 3}", literal_keys=True)) == [(1, {"on": 1, "y": 2, "010": 3})]
    with pytest.raises(YamlError, match="the key 'on' is duplicate"):
        list(documents("{on: 1, on: 2}", literal_keys=True))
    with pytest.raises(YamlError, match="the key 'true' is duplicate"):
        list(documents("{on: 1, y: 2}"))
