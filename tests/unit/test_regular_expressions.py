"""No regular expression takes longer than its text is long, whoever wrote the text.

Every one of the package is found in its source, so that a new one is measured as well.
"""

import ast
import re
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from support.checks.expressions import IMPORTED, SECONDS, calls_of_re, modules, named, patterns, rules, worst

COMPILED_ELSEWHERE = {"model.keys"}
"""Where patterns are compiled that have no name: those of KeyRule, which are measured below."""
FOUND = {name: (pattern, search) for name, pattern, search in patterns()}


@pytest.mark.parametrize("name", FOUND)
def test_a_pattern_takes_as_long_as_its_text_is_long(name: str) -> None:
    pattern, search = FOUND[name]
    seconds, size, text = worst(pattern, search=search)
    assert seconds <= SECONDS[size], f"{seconds:.3f} s for {text[:60]!r}… of {len(text)} characters"


def test_so_do_the_rules_of_keys() -> None:
    found = rules()
    assert len(found) > 7
    for rule in found:
        seconds, size, text = worst(re.compile(rule), search=False)
        assert seconds <= SECONDS[size], f"{rule}: {seconds:.3f} s for {text[:60]!r}… of {len(text)} characters"


@pytest.mark.parametrize("wrong", [r"\{\{-?\s*(.*?)\s*-?\}\}", r"([a-z0-9]+-)*[a-z0-9]*[a-z][a-z0-9]*", r"(\w+)\("])
def test_patterns_that_take_longer_are_found(wrong: str) -> None:
    """Three that once stood here: a cube and two squares."""
    seconds, size, _ = worst(re.compile(wrong, re.DOTALL), search=True)
    assert seconds > SECONDS[size]


def test_every_pattern_has_a_name() -> None:
    """One that is written where it is used would be measured by nobody."""
    for module, tree in modules():
        known = {id(call) for _, call in named(tree)}
        for function, call in calls_of_re(tree):
            where = f"{module}, line {call.lineno}: re.{function}"
            assert function in ("compile", "escape"), f"{where}: compile it as a constant of the module"
            if function == "compile" and module not in COMPILED_ELSEWHERE:
                assert id(call) in known, f"{where}: make it a constant of the module"
        for node in ast.walk(tree):
            assert not (isinstance(node, ast.ImportFrom) and node.module == "re"), f"{module}: import re itself"


def test_a_pattern_stays_in_its_module() -> None:
    """How it is used is read from the module that has it."""
    for module, tree in modules():
        for name, _ in named(tree):
            assert name.startswith("_"), f"{module}.{name}"


def models(base: type[BaseModel] = BaseModel) -> Iterator[type[BaseModel]]:
    for each in base.__subclasses__():
        if each.__module__.startswith("ailtire_operator."):
            yield each
        yield from models(each)


def test_the_models_patterns_are_those_of_rusts_engine() -> None:
    """Which goes through a text once, whatever the pattern; pydantic can be told to take Python's instead."""
    assert IMPORTED
    for model in models():
        assert model.model_config.get("regex_engine", "rust-regex") == "rust-regex"
        assert not any(isinstance(each, re.Pattern) for each in _parts(model.__pydantic_core_schema__))


def _parts(value: Any) -> Iterator[Any]:
    waiting, seen = [value], set()
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict | list | tuple):
            if id(each) not in seen:
                seen.add(id(each))
                waiting += each.values() if isinstance(each, dict) else each
        else:
            yield each
