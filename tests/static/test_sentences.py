"""Nothing reads a sentence that this program wrote: what a program needs of a problem is a field of it.

A sentence holds names that an author chose, so whatever looks for words in one is wrong for some name.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.paths import ROOT

SOURCE = ROOT / "operator" / "ailtire_operator"
SENTENCES = {"message", "messages", "sentence", "remedy", "why"}
"""Names of values, and of fields, that hold sentences."""
READS = {
    "startswith", "endswith", "partition", "rpartition", "split", "rsplit", "find", "rfind", "index", "removeprefix",
    "removesuffix", "replace", "strip", "lstrip", "rstrip", "lower", "casefold", "count",
}  # fmt: skip
PATTERNS = {"search", "match", "fullmatch", "findall", "finditer", "sub"}
OF_OTHERS = {
    "status/health.py:_without_names": "Kubernetes' messages: it has no field for why a pod was not made or scheduled",
    "status/updates.py:_updated": "a Deployment's condition: only its message names the ReplicaSet",
    "status/text.py:bounded": "one line of it",
    "cluster/errors.py:shorten": "one line of it",
    "reconcile/apply_errors.py:lacks_right": "the API server's message: only that tells a missing right from a refusal",
    "model/structural.py:_key_rule": "quoted for CEL",
    "cli/live.py:opened": "the message of the Kubernetes client",
    "compose/compose_file/docker_compose.py:*": "the messages of Docker Compose",
    "compose/yaml_data.py:*": "PyYAML's message",
}
"""Functions that read a message which somebody else wrote, and what there is to read."""


def files() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def reads(tree: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Every look into a text that a name calls a sentence, with the function that does it."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                yield from ((function.name, each) for each in looked_into(node) if is_sentence(each))


def looked_into(node: ast.AST) -> Iterator[ast.expr]:
    match node:
        case ast.Call(func=ast.Attribute(attr=method, value=value), args=arguments):
            if method in READS:
                yield value
            if method in PATTERNS:
                yield from arguments
        case ast.Compare(ops=operators, comparators=right):
            yield from (
                each
                for operator, each in zip(operators, right, strict=True)
                if isinstance(operator, ast.In | ast.NotIn)
            )


def is_sentence(value: ast.expr) -> bool:
    """``problem.message``, ``status["message"]``, ``condition.get("message", "")``, ``str(error)``, or such a name;
    or ``problem.path``, whose data are in ``where``.
    """
    match value:
        case ast.Attribute(attr="path", value=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name in {"notice", "problem"}
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.Subscript(slice=ast.Constant(value=str(name))):
            return name in SENTENCES
        case ast.Call(func=ast.Attribute(attr="get"), args=[ast.Constant(value=str(name)), *_]):
            return name in SENTENCES
        case ast.Call(func=ast.Attribute(attr="lower" | "strip", value=text), args=[]):
            return is_sentence(text)
        case ast.Call(func=ast.Name(id="str" | "sentence"), args=[ast.Name(id=name)]):
            return name in {"error", "problem", "health", "notice", "finding", "blocker"}
        case ast.BoolOp(values=values):
            return any(map(is_sentence, values))
    return False


def is_allowed(file: str, function: str) -> bool:
    return f"{file}:{function}" in OF_OTHERS or f"{file}:*" in OF_OTHERS


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_no_sentence_is_read(path: Path) -> None:
    file = str(path.relative_to(SOURCE))
    found = [
        f"{file}:{node.lineno} {function}: {ast.unparse(node)}"
        for function, node in reads(ast.parse(path.read_text()))
        if not is_allowed(file, function)
    ]
    assert not found, "a program reads a field, not a sentence:\n" + "\n".join(found)


@pytest.mark.parametrize(
    "code",
    [
        'message.startswith("spec")',
        'problem.message.partition(": ")',
        '"gated" in problem.message',
        "any(word in problem.message for word in words)",
        "reason in message",
        '_WORD.search(status["message"])',
        're.match("x", condition.get("message", ""))',
        '"x" in str(error)',
        '(event.message or "").split()',
        '"volume" in message.lower()',
        'found.notice.path.partition(": ")',
        're.match("x", problem.path)',
    ],
)
def test_the_check_sees_a_sentence_that_is_read(code: str) -> None:
    assert list(reads(ast.parse(f"def look():\n    return {code}")))


def test_every_exception_of_the_check_is_one() -> None:
    used = {
        (str(path.relative_to(SOURCE)), function)
        for path in files()
        for function, _ in reads(ast.parse(path.read_text()))
    }
    names = {f"{file}:{function}" for file, function in used} | {f"{file}:*" for file, _ in used}
    assert set(OF_OTHERS) <= names
