"""What the project's documents name is there: files, links, functions, targets of the Makefile, versions."""

import re
import tomllib
from functools import cache
from itertools import takewhile
from pathlib import Path

import pytest
import yaml

from ailtire_operator import __version__
from lab.paths import ROOT

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "tests").rglob("README.md")])
DEVELOPERS = [ROOT / "CONTRIBUTING.md", ROOT / "docs/architecture.md"]
"""Those that tell where in the code something stands."""
PACKAGE = ROOT / "operator/ailtire_operator"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def names(files: list[Path]) -> list[str]:
    return [str(file.relative_to(ROOT)) for file in files]


@cache
def files() -> set[str]:
    """The name of each file of the code, without its folder."""
    return {file.name for folder in ("operator", "tests") for file in (ROOT / folder).rglob("*.py")}


def is_there(name: str) -> bool:
    """Whether there is such a file, or such a name in a module of the package (``cluster/fields.fingerprint``)."""
    if any((folder / name).exists() for folder in (ROOT, PACKAGE)) or name in files():
        return True
    module, _, word = name.rpartition(".")
    source = PACKAGE / f"{module}.py"
    return source.exists() and re.search(rf"\b{re.escape(word)}\b", source.read_text()) is not None


def quoted(file: Path) -> list[str]:
    """What stands between backticks, outside of blocks."""
    prose = re.sub(r"^ *```.*?^ *```", "", file.read_text(), flags=re.DOTALL | re.MULTILINE)
    return re.findall(r"`([^`\n]+)`", prose)


@cache
def code() -> set[str]:
    """Every word of the operator and its tests."""
    texts = (file.read_text() for folder in ("operator", "tests") for file in (ROOT / folder).rglob("*.py"))
    return {word for text in texts for word in re.findall(r"\w+", text)}


@cache
def targets() -> set[str]:
    return set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@pytest.mark.parametrize("file", DOCUMENTS, ids=names(DOCUMENTS))
def test_every_link_to_a_file_leads_to_one(file: Path) -> None:
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", file.read_text()) if "://" not in link]
    assert [link for link in links if link and not (file.parent / link).exists()] == []


@pytest.mark.parametrize("file", DEVELOPERS, ids=names(DEVELOPERS))
def test_every_file_that_is_named_exists(file: Path) -> None:
    named = [each for each in quoted(file) if re.fullmatch(r"[\w.-]+(/[\w.-]+)+/?|[\w-]+\.(md|toml|yaml|py)", each)]
    assert len(named) > 20
    assert [each for each in named if not is_there(each)] == []


@pytest.mark.parametrize("file", DEVELOPERS, ids=names(DEVELOPERS))
def test_every_name_of_the_code_that_is_named_is_there(file: Path) -> None:
    named = [each for each in quoted(file) if re.fullmatch(r"_?[A-Za-z]\w*_\w+|_[a-z]\w+", each)]
    assert len(named) >= 5
    assert [each for each in named if each not in code()] == []


@pytest.mark.parametrize("file", DOCUMENTS, ids=names(DOCUMENTS))
def test_every_target_of_make_that_is_named_exists(file: Path) -> None:
    commands = [each.split()[1:] for each in quoted(file) if each.startswith("make ")]
    named = {word for words in commands for word in takewhile(lambda word: "=" not in word and word != "&&", words)}
    assert {each for each in named if re.fullmatch(r"[a-z0-9-]+", each)} - targets() == set()


def test_the_index_lists_every_document_with_a_line_about_it() -> None:
    index = ROOT / "docs/index.md"
    entries = dict(re.findall(r"^- \[[^\]]+\]\(([^)]+)\): (\S.{20,}\.)$", index.read_text(), re.MULTILINE))
    listed = {(index.parent / link).resolve() for link in entries}
    assert listed == {*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "tests/README.md"} - {index}


def test_hooks_before_a_commit_are_targets_of_make_and_download_nothing() -> None:
    (repository,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert repository["repo"] == "local"
    entries = [hook["entry"].split() for hook in repository["hooks"]]
    assert {hook["language"] for hook in repository["hooks"]} == {"system"}
    assert {tuple(entry[:-1]) for entry in entries} == {("make",)}
    assert {entry[-1] for entry in entries} == {"lint", "types", "imports", "verify"} <= targets()


def test_the_licence_is_there_in_full_and_the_package_names_it() -> None:
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License" in text
    assert "TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION" in text
    assert "9. Accepting Warranty or Additional Liability." in text
    assert (PROJECT["license"], PROJECT["license-files"]) == ("Apache-2.0", ["LICENSE"])


def test_the_version_has_one_source() -> None:
    assert "version" not in PROJECT
    assert PROJECT["dynamic"] == ["version"]
    places = [*DOCUMENTS, ROOT / "Dockerfile", *(ROOT / "manifests").rglob("*.yaml")]
    said = {file: re.findall(r"ailtire-operator:(\d+\.\d+\.\d+)", file.read_text()) for file in places}
    assert any(said.values())
    assert {file: versions for file, versions in said.items() if set(versions) - {__version__}} == {}
