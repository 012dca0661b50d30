"""Every regular expression of the package, found in its source, and texts that lead it astray.

What each is fed is made from what it itself looks for, which is where backtracking hides.
"""

import ast
import gc
import importlib
import itertools
import re
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

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
IMPORTED = (keys, service, stack, status, naming)
"""Modules that have rules and models: imported, they are there to be found."""


def modules(having: str = "") -> Iterator[tuple[str, ast.Module]]:
    """Every module of the package whose source has a text, by its name, and its source: reading all takes a second."""
    for path in sorted(FOLDER.rglob("*.py")):
        source = path.read_text()
        if having in source:
            yield ".".join(path.relative_to(FOLDER).with_suffix("").parts).removesuffix(".__init__"), ast.parse(source)


def calls_of_re(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Calls of functions of ``re``: the function, and the call."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            of = node.func.value
            if isinstance(of, ast.Name) and of.id == "re":
                yield node.func.attr, node


def named(tree: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    """The constants of a module that are regular expressions: the name, and the call."""
    for node in tree.body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        value = getattr(node, "value", None)
        if isinstance(value, ast.Call) and any(value is call for _, call in calls_of_re(value)):
            yield from ((target.id, value) for target in targets if isinstance(target, ast.Name))


def used(tree: ast.Module, name: str) -> set[str]:
    """The methods of a constant that its module uses."""
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == name
    }


def patterns() -> Iterator[tuple[str, re.Pattern[str], bool]]:
    """Name, pattern, and whether it is looked for in a text rather than matched with all of it."""
    for module, tree in modules(having="re."):
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


@cache
def inventory() -> tuple[tuple[str, re.Pattern[str], bool], ...]:
    """All of them, the rules of keys too, as ``patterns`` gives them; found once, which takes a second or two."""
    return (*patterns(), *((rule, re.compile(rule), False) for rule in sorted(rules())))


def rules() -> set[str]:
    """The patterns of the rules that keys of maps follow."""
    gc.unfreeze()  # of what is frozen (tests/conftest.py) nothing is found
    return {each.pattern for each in gc.get_objects() if isinstance(each, KeyRule)}
