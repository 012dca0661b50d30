"""The key table: the translation of every key of a Compose file, read from keys.tsv with its messages.

A path names maps by their keys, ``*`` where the author chooses them, and ``[]`` for the items of a list. A row of class
``^`` shares its parent's. ``python -m ailtire_operator.compose.keys`` prints docs/mapping.md.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Final, Literal

from ailtire_operator.model.report import Classification

Protection = Literal["closes", "kept", "reported", "no"]
"""closes: if it cannot be kept, the service, port, route or hook is not run or not reachable. kept: it is always kept.
reported: a resource limit or a hardening inside of the container, whose loss is reported. no: it protects nothing."""
_SAME: Final = "^"
_SCHEMAS: Final = {"cs": "both", "c": "Compose", "s": "Swarm"}
_HEAD: Final = """\
| path | schema | class | protects | AiltireStack | Kubernetes | what happens, and what to do |
|---|---|---|---|---|---|---|"""
_PREFACE: Final = """\
# What becomes of every key of a Compose file

<!-- Made by `python -m ailtire_operator.compose.keys > docs/mapping.md`: change
     operator/ailtire_operator/compose/keys.tsv instead. -->

`kubectl ailtire import` reads a Compose file by this table: every key of the Compose specification and of Swarm's file
format 3.13. A file's own report has the same about the keys that it uses, with their places.

| class | meaning |
|---|---|
| closed | left out, as it would be open without a protection that cannot be kept; reported before all else |
| exact | works the same |
| approximate | works, but differently in a detail |
| resolved | decided at import; nothing is left to do |
| required | to be done before the stack runs: the report ends with a list of all that is |
| ignored | has no effect, with the reason |
| rejected | not possible, and is left out |
| gated | needs the permission of the cluster's administrator, and is left out |
| (none) | only has the keys below it |

What a key *protects* (who may call, what a process may do) is not dropped while the service runs:

| protects | meaning |
|---|---|
| closes | if it cannot be kept, the port is not published or the service left out; `--accept` opens it |
| kept | it is always kept |
| reported | a resource limit or a hardening inside of the container: its loss is reported |

In a path `*` is a name that the author chooses and `[]` an item of a list. *As above* refers to the row above.
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One path of the schemas."""

    path: str
    """``services.*.ports[].target``"""
    schemas: str
    """Letters: c is the Compose specification, s Swarm's 3.13."""
    kind: Classification | Literal["exact", "container"]
    """container: it only has other keys."""
    protects: Protection
    """Whether a service without it would have more callers or privileges, and what is done then."""
    field: str
    """The field in an AiltireStack; empty if there is none."""
    kubernetes: str
    """The object or field in the cluster."""
    reason: str
    """What happens instead, unless it is exact."""
    remedy: str
    """What to do about that."""
    shared: bool = False
    """Whether all of that is taken from the parent row."""


@cache
def table() -> Mapping[str, Row]:
    """All rows by path."""
    text = files(__package__).joinpath("keys.tsv").read_text(encoding="utf-8")
    result: dict[str, Row] = {}
    for line in text.splitlines()[1:]:
        path, schemas, kind, protects, field, kubernetes, reason, remedy = [*line.split("\t"), *[""] * 7][:8]
        if kind == _SAME:
            result[path] = replace(result[_parent(path)], path=path, schemas=schemas, shared=True)
        else:
            result[path] = Row(path, schemas, kind, protects, field, kubernetes, reason, remedy)  # type: ignore[arg-type]  # data
    return result


def row_of(location: Sequence[int | str]) -> Row | None:
    """The row of a location in a file; None for an unknown key."""
    rows, path = table(), ""
    for step in location:
        if isinstance(step, int):
            path += "[]"
        else:
            named = f"{path}.{step}" if path else step
            path = named if named in rows else f"{path}.*"
        if path not in rows:
            return None
    return rows[path]


def _parent(path: str) -> str:
    return path[:-2] if path.endswith("[]") else path.rpartition(".")[0]


def _page() -> Iterator[str]:
    yield _PREFACE
    section = ""
    for path, row in table().items():
        top = path.partition(".")[0].removesuffix("[]")
        if top != section:
            section = top
            yield f"\n## `{top}`\n\n{_HEAD}"
        yield _line(row)


def _line(row: Row) -> str:
    if row.shared:
        return f"| `{row.path}` | {_SCHEMAS[row.schemas]} | as above | | | | |"
    kind = "" if row.kind == "container" else row.kind
    field = f"`{row.field}`" if row.field else ""
    protects = "" if row.protects == "no" else row.protects
    text = f"{row.reason} {row.remedy}".strip()
    cells = [f"`{row.path}`", _SCHEMAS[row.schemas], kind, protects, field, row.kubernetes, text]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    print("\n".join(_page()))
