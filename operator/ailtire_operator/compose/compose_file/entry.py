"""Reads maps of the canonical form, and reports every key that was not read, by the key table."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeVar

from pydantic import BaseModel

from ailtire_operator.compose.keys import Row, row_of
from ailtire_operator.compose.reporting import Report, described
from ailtire_operator.model.field_path import FieldPath

Location = tuple[int | str, ...]
SERVICES: Final = FieldPath("services")
_T = TypeVar("_T")
_NOTHING: Final[tuple[Any, ...]] = (None, {}, [], "")
_EXTENSION: Final = "an extension, which has no effect."
_UNKNOWN: Final = "unknown key, which has no effect."
_NO_FIELD: Final = "this version of AiltireStack has no field for it, so it has no effect yet."


def place(location: Sequence[int | str]) -> FieldPath:
    """``services.web.ports[0].published``"""
    first, *rest = location
    return FieldPath(str(first), tuple(rest))


class Entry:
    """One map of the canonical form, and which of its keys were read."""

    def __init__(
        self, data: Any, location: Location, report: Report, written: Callable[[Location], FieldPath] = place
    ) -> None:
        """``written``: how a place is called in the report, where that is not the path of the canonical form."""
        self.data: Mapping[str, Any] = data if isinstance(data, dict) else {}
        self.location = location
        self.report = report
        self.is_closed = False
        """Whether it must not run, as a protection cannot be kept."""
        self._written = written
        self._left = dict.fromkeys(self.data)
        self._inner: list[Entry] = []

    @property
    def path(self) -> FieldPath:
        """The path of the map."""
        return self._written(self.location)

    def where(self, *keys: int | str) -> FieldPath:
        """The path of something below it."""
        return self._written((*self.location, *keys))

    def take(self, key: str) -> Any:
        """The value of a key, which counts as read."""
        self._left.pop(key, None)
        return self.data.get(key)

    def parsed(self, key: str, read: Callable[[Any], _T | None], what: str) -> _T | None:
        """The value of a key converted by ``read``; None is reported as invalid. ``what`` is expected: ``a size``."""
        value = self.take(key)
        if value in _NOTHING:
            return None
        if (found := read(value)) is None:
            self.report.rejected(self.where(key), f"{described(value)} is not {what}; it is left out.")
        return found

    def chosen(self, key: str, known: Mapping[str, _T], otherwise: str) -> _T | None:
        """The value for a word of a fixed list; others are reported, with ``otherwise`` as the consequence."""
        value = self.take(key)
        if value in _NOTHING:
            return None
        if str(value) not in known:
            message = f"{described(value)} is none of {', '.join(known)}; {otherwise}."
            self.report.rejected(self.where(key), message)
        return known.get(str(value))

    def texts(self, key: str) -> list[str]:
        """A list of texts."""
        value = self.take(key)
        return [str(each) for each in value] if isinstance(value, list) else []

    def inner(self, key: str) -> "Entry":
        """The map below a key; empty where there is none."""
        entry = Entry(self.take(key), (*self.location, key), self.report, self._written)
        self._inner.append(entry)
        return entry

    def each(self, key: str) -> Iterator[tuple[str, "Entry"]]:
        """The maps in the map below a key."""
        inner = self.inner(key)
        return ((name, inner.inner(name)) for name in inner.data)

    def items(self, key: str) -> "list[Entry]":
        """The maps in the list below a key."""
        value = self.take(key)
        listed = value if isinstance(value, list) else []
        return [self.item(key, index, each) for index, each in enumerate(listed)]

    def item(self, key: str, index: int, data: Any) -> "Entry":
        """One map of a list that the caller has taken."""
        entry = Entry(data, (*self.location, key, index), self.report, self._written)
        self._inner.append(entry)
        return entry

    def note(self, *keys: int | str) -> None:
        """Report a location with the message of its row in the key table."""
        report_at((*self.location, *keys), self.report, written=self._written)

    def close_service(self, why: str, *keys: int | str, remedy: str = "") -> bool:
        """Keep a service from running, as a protection at ``keys`` cannot be kept; False if the user accepts it."""
        name = str(self.location[-1])
        closed = self.report.keeps_closed(self.where(*keys), f"{name} would run OPEN: left out", why, [name], remedy)
        self.is_closed |= closed
        return closed

    def put(self, model: type[BaseModel], target: dict[str, Any], field: str, value: Any, *keys: int | str) -> None:
        """Set a field of the spec to the value at ``keys``, or report that the model has no such field."""
        if value in _NOTHING:
            return
        if field in {each.alias or name for name, each in model.model_fields.items()}:
            target[field] = value
        else:
            self.report.ignored(self.where(*keys), _NO_FIELD)

    def forget(self) -> None:
        """Count all keys as read."""
        self._left.clear()
        self._inner.clear()

    def close(self) -> None:
        """Report every key that was not read."""
        for key in self._left:
            if self.data[key] not in _NOTHING:
                self._report_all((*self.location, key), self.data[key])
        for entry in self._inner:
            entry.close()

    def _report_all(self, location: Location, value: Any) -> None:
        """Report a value as a whole; for a container map, its entries."""
        row = row_of(location)
        if row is None or row.kind != "container" or not isinstance(value, dict | list):
            report_at(location, self.report, row, self._written)
            return
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            self._report_all((*location, key), each)


def report_at(
    location: Location, report: Report, row: Row | None = None, written: Callable[[Location], FieldPath] = place
) -> None:
    """Report a location with the message of its row."""
    row = row or row_of(location)
    path = written(location)
    if row is None:
        own = str(location[-1]).startswith("x-")
        report.ignored(path, _EXTENSION if own else _UNKNOWN)
    elif row.kind == "exact" or row.kind == "container":
        report.ignored(path, row.reason or _NO_FIELD)
    else:
        report.add(path, row.kind, row.reason, row.remedy)
