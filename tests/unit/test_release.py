"""What a release is made of, without making one: tests/packages does that."""

import tarfile
from io import BytesIO
from pathlib import Path

import pytest

from lab.errors import LabError
from release import image, krew, plugin, versions
from release.__main__ import emptied
from release.bundles import File, tar_gz
from release.fields import RELEASED
from release.versions import NO_ADDRESS, Release
from supplychain.pins import Pin

RELEASE = Release("1.2.3", "registry.example/operator", "https://downloads.example/1.2.3", 1_700_000_000)


def test_an_archive_is_the_same_whatever_the_order_and_the_time() -> None:
    files = {"b": File(b"2", executable=True), "a/c": File(b"1")}
    made = tar_gz(files, 1_700_000_000)
    assert made == tar_gz(dict(reversed(files.items())), 1_700_000_000)
    assert made != tar_gz(files, 1_700_000_001)
    with tarfile.open(fileobj=BytesIO(made)) as archive:
        told = [(each.name, each.mode, each.mtime, each.uid, each.uname) for each in archive]
    assert told == [("a/c", 0o644, 1_700_000_000, 0, ""), ("b", 0o755, 1_700_000_000, 0, "")]


@pytest.mark.parametrize("version", ["0.2.0", "v0.2.0", "0.2.0-rc.1", "10.0.0-alpha.0"])
def test_versions_that_every_tool_reads_alike(version: str) -> None:
    assert versions.checked(version) == version.removeprefix("v")


@pytest.mark.parametrize("version", ["", "1", "1.2", "01.2.3", "1.2.3-dev", "1.2.3+build", "1.2.3rc1", "latest"])
def test_versions_that_are_refused(version: str) -> None:
    with pytest.raises(LabError, match="is no version such as"):
        versions.checked(version)


def project(folder: Path, changelog: str, version: str = "1.2.3") -> Path:
    (folder / versions.PLACE).parent.mkdir(parents=True)
    (folder / versions.PLACE).write_text(f'__version__ = "{version}"\n')
    (folder / "CHANGELOG.md").write_text(changelog)
    (folder / RELEASED).mkdir(parents=True)
    (folder / RELEASED / "1.2.3.txt").touch()
    return folder


def test_nothing_is_missing_where_nothing_is(tmp_path: Path) -> None:
    root = project(tmp_path, "# Changelog\n\n## 1.2.3 - 2026-01-01\n")
    assert versions.complaints(root, RELEASE, is_clean=True) == []


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    root = project(tmp_path, "# Changelog\n\n## Unreleased\n\n## 1.2.30\n", version="1.2.2")
    release = Release("1.2.4", "operator", NO_ADDRESS, 0)
    told = versions.complaints(root, release, is_clean=False)
    assert [each for each in told if "CHANGELOG" in each] == ["CHANGELOG.md has no section '## 1.2.4'"]
    assert len(told) == 6


def test_the_section_of_a_candidate_is_not_that_of_the_version(tmp_path: Path) -> None:
    root = project(tmp_path, "# Changelog\n\n## 1.2.3-rc.1 - 2026-01-01\n")
    assert versions.complaints(root, RELEASE, is_clean=True) == ["CHANGELOG.md has no section '## 1.2.3'"]


def test_a_copy_gets_another_version(tmp_path: Path) -> None:
    root = project(tmp_path, "")
    versions.write(root, "2.0.0-rc.1")
    assert versions.written(root) == "2.0.0-rc.1"


def test_the_manifest_for_krew_names_each_archive() -> None:
    text = krew.manifest(RELEASE, {"amd64": "a" * 64, "arm64": "b" * 64})
    for machine in plugin.MACHINES:
        assert f"uri: https://downloads.example/1.2.3/{krew.archive_name('1.2.3', machine)}\n" in text


@pytest.mark.parametrize(
    ("marker", "python", "applies"),
    [
        ("", "3.11", True),
        ("python_full_version < '3.13'", "3.12", True),
        ("python_full_version < '3.13'", "3.13", False),
        ("sys_platform == 'win32'", "3.11", False),
        ("platform_machine == 'aarch64'", "3.11", False),
    ],
)
def test_a_locked_package_is_for_the_platform_of_the_archive(marker: str, python: str, applies: bool) -> None:
    assert plugin._applies(Pin("x", "1", (), marker), python, "amd64") is applies


def test_modules_of_a_wheel_are_found_in_its_data_too() -> None:
    names = [
        "x/a.py",
        "x-1.data/purelib/x/b.py",
        "x-1.data/scripts/x",
        "x-1.data/headers/x.h",
        "x-1.dist-info/METADATA",
    ]
    assert [plugin._module_path(name) for name in names] == ["x/a.py", "x/b.py", "", "", "x-1.dist-info/METADATA"]


@pytest.mark.parametrize(
    ("refused", "told"),
    [
        ("'buildx version'", "there is no docker with buildx"),
        ("'buildx build'*", "no builder of docker buildx answers that writes archives"),
        ("info*", ""),
        ("nothing", ""),
    ],
)
def test_what_is_in_the_way_of_images_is_known_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: str, told: str
) -> None:
    (tmp_path / "docker").write_text(f'#!/bin/sh\ncase "$*" in {refused}) exit 1;; esac\n')
    (tmp_path / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    found = image.obstacle()
    assert told in found
    assert bool(found) is bool(told)


def test_only_what_a_release_has_left_is_removed(tmp_path: Path) -> None:
    home, dist = tmp_path / "home", tmp_path / "dist"
    home.mkdir()
    (home / "letters").write_text("dear")
    with pytest.raises(LabError, match="holds files and no SHA256SUMS"):
        emptied(home)
    assert (home / "letters").read_text() == "dear"
    for _ in range(2):
        emptied(dist)
        assert [each.name for each in dist.iterdir()] == ["SHA256SUMS"]
        (dist / "half").write_text("made")
