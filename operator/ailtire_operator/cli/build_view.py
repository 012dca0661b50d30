"""How ``build`` tells which images a tree has, and what was pushed. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ailtire_operator.cli.build_images import Row
from ailtire_operator.cli.build_push import Pushed

_HEAD: Final = ("IMAGE", "COMES FROM", "USED BY")
_ELSEWHERE: Final = "elsewhere"


def table(rows: Sequence[Row]) -> list[str]:
    """A line for each image."""
    cells = [_HEAD, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in (0, 1)]
    return [f"{one:<{widths[0]}}  {two:<{widths[1]}}  {three}".rstrip() for one, two, three in cells]


def _cells(row: Row) -> tuple[str, str, str]:
    places = [each.removeprefix("spec.services.").replace(".stack.services.", "/") for each in row.used_by]
    used = ", ".join(each.removesuffix(".image") for each in places)
    if row.made is None:
        return row.reference, f"cannot be built: {row.broken.where}" if row.broken else _ELSEWHERE, used
    where = str(row.made.target.where)
    return row.reference, where, used or ("a base of others" if row.made.is_base else "nothing: not built")


def lines(pushed: Iterable[Pushed]) -> list[str]:
    """What was pushed, a line for each definition."""
    return [each.reference for each in pushed]


def as_json(rows: Iterable[Row], digests: Mapping[str, str], pushed: Iterable[Pushed]) -> dict[str, Any]:
    """The same as data."""
    return {
        "images": [_row(each, digests) for each in rows],
        "definitions": [{"package": each.package, "reference": each.reference} for each in pushed],
    }


def _row(row: Row, digests: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {"image": row.reference, "built": row.made is not None and row.made.is_built}
    if row.made is not None:
        target = row.made.target
        found |= {"target": row.made.name, "declaredAt": str(target.where), "context": target.context}
        found |= {"dockerfile": target.dockerfile} if target.dockerfile else {}
    if row.broken is not None:
        found |= {"declaredAt": str(row.broken.where), "problem": row.broken.why}
    if row.reference in digests:
        found["digest"] = digests[row.reference]
    return {**found, "usedBy": list(row.used_by)}
