"""What a check has found, in the forms that other programs read: SARIF, JUnit, annotations of GitHub's, JSON. Pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote
from xml.etree import ElementTree

from ailtire_operator import __version__, printable
from ailtire_operator.cli import output
from ailtire_operator.cli.formats import CheckFormat
from ailtire_operator.cli.issues import Issue, Rule

_TOOL: Final = "kubectl-ailtire"
_SARIF: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_RULES: Final[Mapping[Rule, tuple[str, str]]] = {
    Rule.INVALID: ("error", "The API server or the operator refuses the definition."),
    Rule.TEMPLATE: ("note", "A template that is referred to is not part of the input; it may be in the cluster."),
    Rule.DEPRECATED: ("warning", "The field counts, but under a former name."),
}
"""Of each rule: SARIF's level, and what it is about."""
_COMMANDS: Final = {"error": "error", "warning": "warning", "note": "notice"}
"""GitHub's name for each level of SARIF's."""
_PROPERTY: Final = {"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"}
"""What a property of a workflow command may not hold as it is."""


def formatted(form: CheckFormat, problems: Sequence[Issue], notes: Sequence[Issue], stacks: Sequence[str]) -> str:
    """The whole output. ``stacks`` are the definitions that were read: ``shop.yaml:1: AiltireStack shop``."""
    return _FORMS[form](problems, notes, stacks)


def _json(problems: Sequence[Issue], notes: Sequence[Issue], stacks: Sequence[str]) -> str:
    return output.to_json(
        {
            "valid": not problems,
            "stacks": list(stacks),
            "problems": [each.to_json() for each in problems],
            "notes": [each.to_json() for each in notes],
        }
    )


def _sarif(problems: Sequence[Issue], notes: Sequence[Issue], stacks: Sequence[str]) -> str:
    rules = [{"id": name, "shortDescription": {"text": text}} for name, (_, text) in _RULES.items()]
    results = [_result(each) for each in (*problems, *notes)]
    run = {
        "tool": {"driver": {"name": _TOOL, "version": __version__, "rules": rules}},
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    return output.to_json({"$schema": _SARIF, "version": "2.1.0", "runs": [run]})


def _result(found: Issue) -> dict[str, Any]:
    place: dict[str, Any] = {
        "artifactLocation": {"uri": quote(found.source)},
        "region": {"startLine": found.line, "startColumn": found.column},
    }
    named = [{"fullyQualifiedName": f"{found.resource}: {found.path}"}] if found.path else []
    location = {"physicalLocation": place, **({"logicalLocations": named} if named else {})}
    level, _ = _RULES[found.rule]
    return {"ruleId": found.rule, "level": level, "message": {"text": _sentence(found)}, "locations": [location]}


def _junit(problems: Sequence[Issue], notes: Sequence[Issue], stacks: Sequence[str]) -> str:
    """A test for each stack that is right, and one for each problem."""
    suite = ElementTree.Element("testsuite", name=f"{_TOOL} validate")
    for each in stacks:
        ElementTree.SubElement(suite, "testcase", classname="validate", name=_xml(each))
    for found in problems:
        case = ElementTree.SubElement(
            suite, "testcase", classname=_xml(found.resource or "validate"), name=_xml(found.place)
        )
        case.set("file", _xml(found.source))
        case.set("line", str(found.line))
        failure = ElementTree.SubElement(case, "failure", message=_xml(_sentence(found)), type=found.rule)
        failure.text = _xml(str(found))
    suite.set("tests", str(len(stacks) + len(problems)))
    suite.set("failures", str(len(problems)))
    ElementTree.indent(suite)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(suite, encoding="unicode")}\n'


def _github(problems: Sequence[Issue], notes: Sequence[Issue], stacks: Sequence[str]) -> str:
    """Workflow commands, which GitHub shows beside the lines of a change."""
    lines = [_command(each) for each in (*problems, *notes)]
    return "".join(f"{line}\n" for line in lines)


def _command(found: Issue) -> str:
    places = {"file": found.source, "line": found.line, "col": found.column, "title": found.resource or "AiltireStack"}
    told = ",".join(f"{key}={_escaped(str(value), _PROPERTY)}" for key, value in places.items())
    data = {key: value for key, value in _PROPERTY.items() if key in "%\r\n"}
    name = _COMMANDS[_RULES[found.rule][0]]
    return f"::{name} {told}::{_escaped(_sentence(found), data)}"


def _escaped(text: str, escapes: Mapping[str, str]) -> str:
    return "".join(escapes.get(each, each) for each in printable.line(text))


def _xml(text: str) -> str:
    """XML has no control characters, escaped or not."""
    return printable.line(text)


def _sentence(found: Issue) -> str:
    return ": ".join(filter(None, (found.path, found.message)))


_FORMS: Final[Mapping[CheckFormat, Callable[[Sequence[Issue], Sequence[Issue], Sequence[str]], str]]] = {
    CheckFormat.JSON: _json,
    CheckFormat.SARIF: _sarif,
    CheckFormat.JUNIT: _junit,
    CheckFormat.GITHUB: _github,
}
