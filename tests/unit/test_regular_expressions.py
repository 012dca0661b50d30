"""No regular expression takes longer than its text is long, whoever wrote the text.

Every one of the package is found in its source, so that a new one is measured as well; what each is fed is made from
what it itself looks for, which is where backtracking hides.
"""

import ast
import gc
import importlib
import itertools
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

import ailtire_operator
from ailtire_operator import naming
from ailtire_operator.model import keys, service, stack, status
from ailtire_operator.model.keys import KeyRule

PARSER: Any = importlib.import_module("re._parser")
"""Reads a pattern into a tree: nothing else says which characters it looks for."""
FOLDER = Path(ailtire_operator.__file__).parent
TINY, SHORT, LONG = 256, 4096, 32768
"""Characters. A square shows at the short size: its sixteen million steps are 40 ms and more, against 0.1 ms."""
SECONDS = {TINY: 0.010, SHORT: 0.010, LONG: 0.050}
"""Of the processor, for one text: some fifty times what a pattern that looks at each character once needs."""
SEARCHES = ("search", "sub", "subn", "split", "findall", "finditer")
COMPILED_ELSEWHERE = {"model.keys"}
"""Where patterns are compiled that have no name: those of KeyRule, which are measured below."""


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(FOLDER.rglob("*.py")):
        name = ".".join(path.relative_to(FOLDER).with_suffix("").parts).removesuffix(".__init__")
        yield name, ast.parse(path.read_text())


def calls_of_re(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            of = node.func.value
            if isinstance(of, ast.Name) and of.id == "re":
                yield node.func.attr, node


def named(tree: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    for node in tree.body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        value = getattr(node, "value", None)
        if isinstance(value, ast.Call) and any(value is call for _, call in calls_of_re(value)):
            yield from ((target.id, value) for target in targets if isinstance(target, ast.Name))


def used(tree: ast.Module, name: str) -> set[str]:
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == name
    }


def patterns() -> Iterator[tuple[str, re.Pattern[str], bool]]:
    """Name, pattern, and whether it is looked for in a text rather than matched with all of it."""
    for module, tree in modules():
        for name, _ in named(tree):
            pattern = getattr(importlib.import_module(f"ailtire_operator.{module}"), name)
            if isinstance(pattern.pattern, bytes):
                pattern = re.compile(pattern.pattern.decode("latin-1"), pattern.flags)
            yield f"{module}.{name}", pattern, bool(used(tree, name).intersection(SEARCHES))


def characters(pattern: str) -> list[str]:
    """One character for each thing that the pattern looks for, and some that it may not expect."""
    found: dict[str, None] = {}

    def look(value: Any) -> None:
        if isinstance(value, PARSER.SubPattern | list | tuple):
            items = list(value)
            if len(items) == 2 and str(items[0]) in ("LITERAL", "NOT_LITERAL") and isinstance(items[1], int):
                found[chr(items[1])] = None
            elif len(items) == 2 and str(items[0]) == "RANGE":
                found[chr(items[1][0])] = None
            else:
                for item in items:
                    look(item)

    look(PARSER.parse(pattern))
    return list(dict.fromkeys([*list(found)[:24], "a", "1", " ", "\n", "!"]))


def words(pattern: str) -> list[str]:
    """Runs of literal characters, as they stand in the pattern: ``stackRef(``."""
    plain = re.sub(r"\\(.)", lambda match: match[1] if not match[1].isalnum() else " ", pattern)
    return list(dict.fromkeys(re.findall(r"[A-Za-z.:/{}$\"'`(=_-]{2,}", plain)))[:12]


def texts(pattern: str, size: int) -> Iterator[str]:
    """Texts of about this size that repeat what the pattern looks for, with starts and ends that lead astray."""
    single = characters(pattern)
    starts = ["", *words(pattern)]
    pumps = [*single, *words(pattern)] + ["".join(pair) for pair in itertools.permutations(single[:10], 2)]
    for start, pump, end in itertools.product(starts, pumps, ("", "\x00")):
        yield (start + pump * (size // len(pump)))[:size] + end


def took(pattern: re.Pattern[str], text: str, *, search: bool) -> float:
    """Seconds of the processor; the least of three where the first is too many, as the machine has other work."""
    best = float("inf")
    for _ in range(3):
        started = time.process_time()
        if search:
            for _ in pattern.finditer(text):
                pass
        else:
            pattern.fullmatch(text)
            pattern.match(text)
        best = min(best, time.process_time() - started)
        if best <= SECONDS[SHORT]:
            break
    return best


def worst(pattern: re.Pattern[str], *, search: bool) -> tuple[float, int, str]:
    """The first text that takes too long, or else the one that takes the longest."""
    for text in texts(pattern.pattern, TINY):  # what grows faster than a square would not end at the next size
        if (seconds := took(pattern, text, search=search)) > SECONDS[TINY]:
            return seconds, TINY, text
    timed = []
    for text in texts(pattern.pattern, SHORT):
        timed.append((took(pattern, text, search=search), text))
        if timed[-1][0] > SECONDS[SHORT]:
            return timed[-1][0], SHORT, timed[-1][1]
    slowest = sorted(timed, reverse=True)[:3]
    long = [text[:16] + text[16:-1] * (LONG // SHORT) + text[-1] for _, text in slowest]
    return max((took(pattern, text, search=search), LONG, text) for text in long)


FOUND = {name: (pattern, search) for name, pattern, search in patterns()}


@pytest.mark.parametrize("name", FOUND)
def test_a_pattern_takes_as_long_as_its_text_is_long(name: str) -> None:
    pattern, search = FOUND[name]
    seconds, size, text = worst(pattern, search=search)
    assert seconds <= SECONDS[size], f"{seconds:.3f} s for {text[:60]!r}… of {len(text)} characters"


def test_so_do_the_rules_of_keys() -> None:
    assert {keys, service, stack, status, naming}  # imported, so that their rules are there to be found
    rules = {each.pattern for each in gc.get_objects() if isinstance(each, KeyRule)}
    assert len(rules) > 7
    for rule in rules:
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
    assert {keys, service, stack, status, naming}  # imported, so that their models are known
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
