"""Folders of a project that services mount: what they may write is a volume, filled once with what is there now."""

import base64
import io
import os
import shutil
import sqlite3
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from ailtire_operator.plan.storage import seeds
from support.compose.compose_cases import Conversion, convert_text


def project(folder: Path, *mounts: str, files: dict[str, str] | None = None, **fields: str) -> Conversion:
    """A project whose service web mounts this, beside these files."""
    for name, text in (files or {}).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    listed = ", ".join(f"'{each}'" for each in mounts)
    more = "".join(f", {key}: {value}" for key, value in fields.items())
    return convert_text(folder, f"name: p\nservices:\n  web: {{image: w, volumes: [{listed}]{more}}}\n")


def archive(found: Conversion, key: str) -> tarfile.TarFile:
    """What fills a volume."""
    config = found.stack["spec"]["configs"][found.stack["spec"]["data"][key]["seed"]]
    return tarfile.open(fileobj=io.BytesIO(base64.b64decode(config["binaryContent"])))


def test_a_writable_folder_is_a_volume_with_its_files(tmp_path: Path) -> None:
    files = {"data/a.txt": "a", "data/sub/.hidden/b": "b", "data/.gitkeep": "", "data/tls.key": "k"}
    (tmp_path / "data").mkdir()
    (tmp_path / "data/link").symlink_to("/etc/passwd")
    found = project(tmp_path, "./data:/data", files=files)
    assert found.services["web"]["volumes"] == {"data": {"source": "data", "target": "/data"}}
    assert "configs" not in found.services["web"]
    names = [each for each in archive(found, "data").getnames() if each != "."]
    assert names == ["a.txt", "sub", "sub/.hidden", "sub/.hidden/b"]
    assert "filled once with 2 files; later edits have no effect" in found.told
    for name, reason in (("link", "is a link"), ("tls.key", "looks like something secret"), (".gitkeep", "only keeps")):
        assert f"'{name}' is not in the volume 'data': it {reason}" in found.told


def test_the_archive_is_the_same_whenever_it_is_made(tmp_path: Path) -> None:
    files = {"data/a.txt": "a"}
    first = project(tmp_path, "./data:/data", files=files).stack["spec"]["configs"]
    os.utime(tmp_path / "data/a.txt", (1, 1))
    assert project(tmp_path, "./data:/data").stack["spec"]["configs"] == first


def test_an_empty_folder_is_an_empty_volume(tmp_path: Path) -> None:
    found = project(tmp_path, "./data:/data", files={"data/.gitkeep": ""})
    assert found.stack["spec"]["data"] == {"data": {}}
    assert "starts empty" in found.told


def test_two_services_share_a_folder(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/a").write_text("a")
    text = "name: p\nservices:\n  a: {image: a, volumes: ['./data:/a']}\n  b: {image: b, volumes: ['./data:/b']}\n"
    found = convert_text(tmp_path, text)
    assert {each["source"] for key in "ab" for each in found.services[key]["volumes"].values()} == {"data"}
    assert list(found.stack["spec"]["configs"]) == ["data-seed"]
    for key in "ab":
        (pod,) = [each["spec"]["template"]["spec"] for each in found.of(f"Deployment/{key}")]
        assert [each["name"] for each in pod["initContainers"]] == ["seed--data"]


def test_a_read_only_folder_and_a_file_are_configs(tmp_path: Path) -> None:
    files = {"conf/a.conf": "a", "one.conf": "b"}
    found = project(tmp_path, "./conf:/etc/conf:ro", "./one.conf:/etc/one.conf", files=files)
    assert {each["target"] for each in found.services["web"]["configs"].values()} == {
        "/etc/conf/a.conf",
        "/etc/one.conf",
    }
    assert "volumes" not in found.services["web"]


def test_a_database_is_a_volume_though_it_is_one_file(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "state.bin") as database:
        database.execute("create table t (a)")
    database.close()
    found = project(tmp_path, "./state.bin:/app/state.bin")
    (mount,) = found.services["web"]["volumes"].values()
    assert mount == {"source": "state-bin", "target": "/app/state.bin", "subPath": "state.bin"}
    assert "state.bin" in archive(found, "state-bin").getnames()


@pytest.mark.parametrize("mode", ["", ":ro"])
def test_many_files_fit(tmp_path: Path, mode: str) -> None:
    files = {f"{folder}/f{index}.conf": "x" for folder in "abc" for index in range(40)}
    found = project(tmp_path, *(f"./{each}:/{each}{mode}" for each in "abc"), files=files)
    for folder in "abc":
        assert len(archive(found, folder).getnames()) == 41
    assert all(each.get("readOnly", False) == bool(mode) for each in found.services["web"]["volumes"].values())


def test_who_fills_a_volume_has_the_service_s_user_or_root_s_few_rights(tmp_path: Path) -> None:
    def context(folder: str, **fields: str) -> Any:
        found = project(tmp_path / folder, "./data:/data", files={"data/a": "a"}, **fields)
        (deployment,) = found.of("Deployment/web")
        (container,) = deployment["spec"]["template"]["spec"]["initContainers"]
        return container["securityContext"]

    plain = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True}
    assert context("a", user='"1000:1001"') == plain | {
        "runAsUser": 1000, "runAsGroup": 1001, "capabilities": {"drop": ["ALL"]},
    }  # fmt: skip
    assert context("b") == plain | {
        "runAsUser": 0, "runAsGroup": 0, "capabilities": {"add": ["CHOWN", "DAC_OVERRIDE", "FOWNER"], "drop": ["ALL"]},
    }  # fmt: skip


def fill(volume: Path, seed: Path) -> None:
    """Run what fills a volume."""
    shell = shutil.which("sh") or "/bin/sh"
    subprocess.run([shell, "-c", seeds.SCRIPT, "seed", str(volume), str(seed)], check=True, timeout=180)


def tree(folder: Path) -> dict[str, str]:
    """All files below a folder."""
    return {str(each.relative_to(folder)): each.read_text() for each in folder.rglob("*") if each.is_file()}


@pytest.fixture
def seed(tmp_path: Path) -> Path:
    """An archive as an import writes it."""
    found = project(tmp_path / "project", "./data:/data", files={"data/a": "a", "data/.b/c d": "c", "data/..e": "e"})
    config = found.stack["spec"]["configs"]["data-seed"]
    (tmp_path / "file").write_bytes(base64.b64decode(config["binaryContent"]))
    return tmp_path / "file"


SEEDED = {"a": "a", ".b/c d": "c", "..e": "e"}


def test_a_volume_is_filled_once(tmp_path: Path, seed: Path) -> None:
    volume = tmp_path / "volume"
    (volume / "lost+found").mkdir(parents=True)
    fill(volume, seed)
    assert tree(volume) == SEEDED
    (volume / "a").unlink()
    (volume / ".b/c d").write_text("changed")
    fill(volume, seed)
    assert tree(volume) == {".b/c d": "changed", "..e": "e"}


def test_a_volume_that_holds_something_stays_as_it_is(tmp_path: Path, seed: Path) -> None:
    (tmp_path / "volume").mkdir()
    (tmp_path / "volume/.own").write_text("x")
    fill(tmp_path / "volume", seed)
    assert tree(tmp_path / "volume") == {".own": "x"}


def test_what_was_interrupted_goes_on_and_overwrites_nothing(tmp_path: Path, seed: Path) -> None:
    volume = tmp_path / "volume"
    (volume / ".ailtire-seed").mkdir(parents=True)
    (volume / "a").write_text("changed")
    fill(volume, seed)
    assert tree(volume) == SEEDED | {"a": "changed"}
    assert not (volume / ".ailtire-seed").exists()


def test_a_folder_in_another_is_a_part_of_its_volume(tmp_path: Path) -> None:
    text = """
name: p
services:
  all: {image: a, volumes: ["/srv/media:/data"]}
  part: {image: b, volumes: ["/srv/media/torrents:/t", "/srv/other:/o"]}
  read: {image: c, volumes: ["/srv/media/library/films:/films:ro", "/srv/media2:/m"]}
"""
    found = convert_text(tmp_path, text)

    def mounts(key: str) -> list[dict[str, Any]]:
        return list(found.services[key]["volumes"].values())

    assert mounts("all") == [{"source": "media", "target": "/data"}]
    assert {"source": "media", "target": "/t", "subPath": "torrents"} in mounts("part")
    films = {"source": "media", "target": "/films", "readOnly": True, "subPath": "library/films"}
    assert films in mounts("read")
    assert set(found.stack["spec"]["data"]) == {"media", "other", "media2"}
    assert "the host's folder is 'torrents' of the volume 'media'" in found.told


def test_a_folder_in_one_that_is_only_read_stays_by_itself(tmp_path: Path) -> None:
    files = {"conf/a": "a", "conf/sub/b": "b"}
    found = project(tmp_path, "./conf:/conf:ro", "./conf/sub:/sub", files=files)
    assert found.services["web"]["volumes"] == {"sub": {"source": "sub", "target": "/sub"}}
