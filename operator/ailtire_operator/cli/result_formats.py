"""Results in the forms that other programs read: SARIF, JUnit and the annotations of GitHub's workflows. Pure.

Nothing that a definition or a server says can end a line, an attribute or a command here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import quote
from xml.etree import ElementTree

from ailtire_operator import __version__, printable
from ailtire_operator.cli import output

Level = Literal["error", "warning", "note"]

_TOOL: Final = "kubectl-ailtire"
_SARIF: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_COMMANDS: Final[Mapping[Level, str]] = {"error": "error", "warning": "warning", "note": "notice"}
"""GitHub's name for each level of SARIF's."""
_PROPERTY: Final = {"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"}
"""What a property of a workflow command may not hold as it is."""
_DATA: Final = {key: value for key, value in _PROPERTY.items() if key in "%\r\n"}


@dataclass(frozen=True, slots=True)
class Result:
    """One thing that was found."""

    rule: str
    level: Level
    message: str
    source: str = ""
    """The file; empty where none is known."""
    line: int = 0
    """From 1 on; 0 where the file as a whole is meant."""
    column: int = 0
    resource: str = ""
    """``AiltireStack shop``; empty where it is about none."""
    path: str = ""

    @property
    def sentence(self) -> str:
        """The message with the path to what it is about."""
        return ": ".join(filter(None, (self.path, self.message)))

    @property
    def place(self) -> str:
        """``shop.yaml:4:7``, as far as it is known."""
        return ":".join(map(str, filter(None, (self.source, self.line, self.column))))

    def __str__(self) -> str:
        return ": ".join(filter(None, (self.place, self.resource, self.sentence)))


@dataclass(frozen=True, slots=True)
class Case:
    """A test of JUnit's."""

    name: str
    group: str
    """What JUnit calls the class."""
    failures: Sequence[Result] = ()
    """Empty where it has passed."""
    errors: Sequence[Result] = ()
    """Why it could not be found out."""
    passed: Sequence[Result] = ()
    """What there is to know although it has passed."""
    details: str = ""
    """In place of the failures' own lines."""


def sarif(results: Iterable[Result], rules: Mapping[str, str]) -> str:
    """``rules`` says of each rule what it is about."""
    described = [{"id": name, "shortDescription": {"text": text}} for name, text in rules.items()]
    run = {
        "tool": {"driver": {"name": _TOOL, "version": __version__, "rules": described}},
        "columnKind": "unicodeCodePoints",
        "results": [_result(each) for each in results],
    }
    return output.to_json({"$schema": _SARIF, "version": "2.1.0", "runs": [run]})


def _result(found: Result) -> dict[str, Any]:
    location: dict[str, Any] = {}
    if found.source:
        location["physicalLocation"] = {"artifactLocation": {"uri": quote(found.source)}}
    if found.source and found.line:
        region = {"startLine": found.line, "startColumn": found.column or 1}
        location["physicalLocation"]["region"] = region
    if name := ": ".join(filter(None, (found.resource, found.path))) if found.path else "":
        location["logicalLocations"] = [{"fullyQualifiedName": name}]
    result: dict[str, Any] = {"ruleId": found.rule, "level": found.level, "message": {"text": found.sentence}}
    return {**result, "locations": [location]} if location else result


def junit(suite: str, cases: Sequence[Case]) -> str:
    """One suite."""
    top = ElementTree.Element("testsuite", name=f"{_TOOL} {suite}")
    for each in cases:
        _case(top, each)
    failed = sum(bool(each.failures) and not each.errors for each in cases)
    counts = {"tests": len(cases), "failures": failed, "errors": sum(bool(each.errors) for each in cases)}
    for key, count in counts.items():
        top.set(key, str(count))
    ElementTree.indent(top)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(top, encoding="unicode")}\n'


def _case(suite: ElementTree.Element, case: Case) -> None:
    element = ElementTree.SubElement(suite, "testcase", classname=_xml(case.group), name=_xml(case.name))
    found = [*case.errors, *case.failures, *case.passed]
    if found and found[0].source:
        element.set("file", _xml(found[0].source))
    if found and found[0].line:
        element.set("line", str(found[0].line))
    if blocking := case.errors or case.failures:
        attributes = {"message": _xml(blocking[0].sentence), "type": blocking[0].rule}
        below = ElementTree.SubElement(element, "error" if case.errors else "failure", attributes)
        below.text = _xml_lines(case.details or "\n".join(_xml(str(each)) for each in (*case.errors, *case.failures)))
    if case.passed:
        ElementTree.SubElement(element, "system-out").text = "\n".join(_xml(str(each)) for each in case.passed)


def github(results: Iterable[Result], title: str) -> str:
    """Workflow commands, which GitHub shows beside the lines of a change; ``title`` where a result is about nothing."""
    return "".join(f"{_command(each, title)}\n" for each in results)


def _command(found: Result, title: str) -> str:
    places = {"file": found.source, "line": found.line, "col": found.column, "title": found.resource or title}
    properties = ",".join(f"{key}={_escaped(str(value), _PROPERTY)}" for key, value in places.items() if value)
    return f"::{_COMMANDS[found.level]} {properties}::{_escaped(found.sentence, _DATA)}"


def _escaped(text: str, escapes: Mapping[str, str]) -> str:
    return "".join(escapes.get(each, each) for each in printable.line(text))


def _xml(text: str) -> str:
    """XML has no control characters, escaped or not."""
    return printable.line(text)


def _xml_lines(text: str) -> str:
    return printable.lines(text)
