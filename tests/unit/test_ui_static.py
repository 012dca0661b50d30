"""The page's built files: of the sources beside them, and nothing in them that the page's policy refuses."""

import gzip
import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

_ROOT: Final = Path(__file__).parents[2]
_UI: Final = _ROOT / "ui"
_BUILT: Final = _ROOT / "operator/ailtire_operator/cli/ui/static"
_MADE_OF: Final = (
    "index.html",
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "vite.config.ts",
    "build",
    "src",
)
"""As ui/build/sources.mjs has it."""
_NAMESPACES: Final = frozenset(
    {
        "http://www.w3.org/1998/Math/MathML",
        "http://www.w3.org/1999/xhtml",
        "http://www.w3.org/2000/svg",
    }
)
"""Names in the form of an address, of which nobody asks anything."""
_AS_MARKUP: Final = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment|srcdoc"
    r"|\beval\(|new Function"
)
_MOST_COMPRESSED: Final = 150_000


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
    for each in sorted(path.iterdir()) if path.is_dir() else ():
        yield from _files(each)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _manifest() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((_BUILT / "sources.json").read_text(encoding="utf-8"))
    return found


def _built(*suffixes: str) -> list[Path]:
    return [each for each in _files(_BUILT) if each.suffix in suffixes]


def test_the_built_files_are_of_these_sources() -> None:
    paths = (path for each in _MADE_OF for path in _files(_UI / each))
    found = sorted((path.relative_to(_UI).as_posix(), _digest(path)) for path in paths)
    sums = "".join(f"{digest}  {path}\n" for path, digest in found)
    current = hashlib.sha256(sums.encode()).hexdigest()
    assert _manifest()["sources"] == current, "ui/ has changed since the page was built: run 'make ui' and commit it"


def test_the_built_files_are_as_they_were_built() -> None:
    found = {path.relative_to(_BUILT).as_posix(): _digest(path) for path in _files(_BUILT)}
    del found["sources.json"]
    assert found == _manifest()["files"]


def test_versions_are_exact() -> None:
    package = json.loads((_UI / "package.json").read_text(encoding="utf-8"))
    versions = package["dependencies"] | package["devDependencies"]
    assert [name for name, version in versions.items() if not re.fullmatch(r"\d+\.\d+\.\d+", version)] == []


def test_the_libraries_in_it_are_those_of_the_lock_and_come_with_their_licences() -> None:
    lock = json.loads((_UI / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    used = {path.removeprefix("node_modules/") for path, each in lock.items() if path and not each.get("dev")}
    libraries = json.loads((_BUILT / "libraries.json").read_text(encoding="utf-8"))
    kept = ("version", "license", "integrity")
    assert used
    assert {each["name"]: [each[key] for key in kept] for each in libraries} == {
        name: [lock[f"node_modules/{name}"][key] for key in kept] for name in used
    }
    text = (_BUILT / "licenses.txt").read_text(encoding="utf-8")
    assert [each["name"] for each in libraries if f"{each['name']} {each['version']}\n" not in text] == []
    assert text.count("MIT License") == len(used)


def test_the_shell_has_nothing_inline_and_asks_for_files_of_its_own() -> None:
    shell = (_BUILT / "index.html").read_text(encoding="utf-8")
    assert re.findall(r"<script(?![^>]*\bsrc=)[^>]*>|<style|\bstyle=|\bon\w+=", shell) == []
    asked = re.findall(r'(?:src|href)="([^"]*)"', shell)
    assert asked
    assert [
        each for each in asked if not (_BUILT / each.removeprefix("/")).is_file() or not each.startswith("/assets/")
    ] == []


def test_no_file_names_another_origin() -> None:
    files = _built(".html", ".js", ".css", ".svg")
    assert {each.suffix for each in files} == {".html", ".js", ".css", ".svg"}
    found = {
        url
        for each in files
        for url in re.findall(r"\bhttps?://[\w.-]+[^\s\"'`)\\]*", each.read_text(encoding="utf-8"))
    }
    assert found <= _NAMESPACES
    assert [each.name for each in _built(".css") if re.search(r"@import|url\(", each.read_text(encoding="utf-8"))] == []


def test_it_is_small_and_has_no_source_map() -> None:
    assert sum(len(gzip.compress(each.read_bytes())) for each in _files(_BUILT)) < _MOST_COMPRESSED
    assert _built(".map") == []
    assert [each.name for each in _built(".js", ".css") if "sourceMappingURL" in each.read_text(encoding="utf-8")] == []


@pytest.mark.parametrize("path", list(_files(_UI / "src")), ids=lambda path: path.relative_to(_UI).as_posix())
def test_texts_become_text_nodes_alone(path: Path) -> None:
    assert _AS_MARKUP.findall(path.read_text(encoding="utf-8")) == []
