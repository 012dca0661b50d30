"""The report of ``import`` for other programs: with the place of each finding in the files. Pure but for those."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.cli.formats import ImportReport
from ailtire_operator.cli.import_places import ImportPlaces, below_spec
from ailtire_operator.cli.report import MEANING, Finding, deviates
from ailtire_operator.cli.result_formats import Case, Level, Result, github, junit, sarif
from ailtire_operator.model.report import Classification

PROGRAMS: Final = (ImportReport.SARIF, ImportReport.JUNIT, ImportReport.GITHUB)
"""The forms that are made here."""
_LEVELS: Final[Mapping[Classification, Level]] = {
    "closed": "error",
    "rejected": "error",
    "gated": "warning",
    "ignored": "warning",
    "approximate": "warning",
    "required": "warning",
    "resolved": "note",
}


def formatted(
    form: ImportReport, findings: Sequence[Finding], resources: Sequence[Mapping[str, Any]], places: ImportPlaces
) -> str:
    """The report in one of PROGRAMS. ``resources`` are what was imported."""
    results = [_result(each, places) for each in findings]
    if form is ImportReport.SARIF:
        return sarif(results, {f"import-{kind}": meaning for kind, meaning in MEANING.items()})
    if form is ImportReport.GITHUB:
        return github(results, "import")
    return junit("import", _cases(findings, results, resources))


def _result(found: Finding, places: ImportPlaces) -> Result:
    notice = found.notice
    message = f"{notice.message}: {notice.subject}" if notice.subject else notice.message
    text = f"{message} {notice.remedy}" if notice.remedy else message
    kind = notice.classification
    return Result(f"import-{kind}", _LEVELS[kind], text, *places.of(notice.where), found.stack, notice.path)


def _cases(
    findings: Sequence[Finding], results: Sequence[Result], resources: Sequence[Mapping[str, Any]]
) -> list[Case]:
    """A test for each stack and service; what ``--strict`` counts fails it."""
    names = dict(_members(resources))
    found: dict[str, list[tuple[bool, Result]]] = {path: [] for path in names.values()}
    top = next(iter(names.values()), "import")
    order = list(MEANING)
    pressing = sorted(zip(findings, results, strict=True), key=lambda each: order.index(each[0].notice.classification))
    for finding, result in pressing:
        member = _member(finding, names.get(finding.stack, finding.stack) or top)
        found.setdefault(member, []).append((deviates(finding), result))
    return [
        Case(
            member,
            "import",
            failures=[result for failed, result in told if failed],
            passed=[result for failed, result in told if not failed],
        )
        for member, told in found.items()
    ]


def _member(found: Finding, stack: str) -> str:
    """``shop/orders/api``: the service that a finding is about, or the stack."""
    where = found.notice.where
    keys, rest = [*(where.files[:1] or [stack])], [*below_spec(where)]
    while len(rest) > 1 and rest[0] == "services":
        keys.append(str(rest[1]))
        rest = rest[3:] if rest[2:3] == ["stack"] else []
    return "/".join(keys)


def _members(resources: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """The names and paths of all stacks, and the paths of all services, by what the operator calls them."""
    stacks = [each for each in resources if each.get("kind") == naming.KIND]
    waiting = [(each["metadata"]["name"], each["metadata"]["name"], each["spec"]) for each in reversed(stacks)]
    while waiting:
        name, path, spec = waiting.pop()
        yield name, path
        for key, service in spec.get("services", {}).items():
            below = naming.member(name, key), f"{path}/{key}"
            if "stack" in service:
                waiting.append((*below, service["stack"]))
            else:
                yield below
