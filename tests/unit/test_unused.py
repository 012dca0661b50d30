"""Nothing stands in the project that nobody uses: every dependency is imported, every definition is named."""

import ast
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from lab.paths import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
RUN_BY_NAME = {
    "editables", "hatchling", "import-linter", "mypy", "poetry-core", "pytest-asyncio", "pytest-cov",
    "pytest-timeout", "ruff", "types-jsonschema", "types-pyyaml",
}  # fmt: skip
"""What is run, or loaded as a plug-in, and imported by nobody."""


def files(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


@cache
def imported(folder: str) -> set[str]:
    """The distributions that the code of a folder imports."""
    modules = {name.partition(".")[0] for file in files(folder) for name in import_names(ast.parse(file.read_text()))}
    return {
        canonicalize_name(each)
        for module, distributions in metadata.packages_distributions().items()
        if module in modules
        for each in distributions
    }


def import_names(tree: ast.Module) -> Iterator[str]:
    """What a module imports, wherever: of the statements alone, as all expressions are ten times as many nodes."""
    for node in statements(tree):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def statements(tree: ast.Module) -> Iterator[ast.AST]:
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        for field in ("body", "handlers", "cases", "orelse", "finalbody"):
            waiting += getattr(node, field, ())


def required(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(each).name) for each in requirements}


def test_every_dependency_of_the_operator_is_imported_by_it() -> None:
    assert required(PROJECT["dependencies"]) - imported("operator") == set()


def test_every_dependency_for_development_is_imported_by_a_test_or_run_by_its_name() -> None:
    dev = required(PROJECT["optional-dependencies"]["dev"])
    assert dev - imported("tests") == RUN_BY_NAME


def definitions(tree: ast.Module) -> Iterator[str]:
    """What a module defines at its top."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.decorator_list:
            yield node.name
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id
        elif isinstance(node, ast.Assign):
            yield from (each.id for each in node.targets if isinstance(each, ast.Name))


@cache
def words() -> Counter[str]:
    """How often each word stands in the operator's code."""
    return Counter(word for file in files("operator") for word in re.findall(r"\w+", file.read_text()))


@pytest.mark.parametrize("file", files("operator"), ids=lambda file: str(file.relative_to(ROOT / "operator")))
def test_whatever_a_module_defines_is_used_by_the_operator_itself(file: Path) -> None:
    found = [name for name in definitions(ast.parse(file.read_text())) if not name.startswith("__")]
    assert [name for name in found if words()[name] == 1] == []
