"""What differs between two definitions of a tree, by the path of the member it concerns: ``changes_between``. Pure.

Definitions are compared as they are written: nothing is parsed, so that one which an older release wrote, or which is
wrong, can be compared too.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

import orjson

from ailtire_operator import naming, printable
from ailtire_operator.model.limits import DEPTH_LIMIT, TREE_LIMIT
from ailtire_operator.model.templates import reference_of, references, without_marks

CHANGE_LIMIT: Final = 1000
"""Changes that are listed at most."""
_SHOWN: Final = 60
"""Characters of a value in words."""
_DIGEST: Final = 32
"""Hexadecimal digits."""

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TreeDefinition:
    """A tree as it is written: the root's spec, and the templates that it refers to, also by way of each other."""

    spec: Json
    templates: Mapping[str, Json] = field(default_factory=dict)
    """The spec of each template, by name."""

    def to_json(self) -> dict[str, Any]:
        """The form in which a revision keeps it."""
        return {"spec": dict(self.spec), "templates": {name: dict(each) for name, each in self.templates.items()}}

    def digest(self) -> str:
        """The same for definitions that say the same."""
        return digest_of(self.to_json())

    def template_digests(self) -> dict[str, str]:
        """The digest of each template, by name."""
        return {name: digest_of(each) for name, each in self.templates.items()}


def digest_of(value: Any) -> str:
    """A digest of a value of JSON, whatever the order of its keys."""
    return naming.digest(canonical(value).decode(), _DIGEST)


def canonical(value: Any) -> bytes:
    """The value as JSON with sorted keys, as UTF-8."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


@dataclass(frozen=True, slots=True)
class DefinitionChange:
    """One field that differs; ``None`` stands for one that is not there."""

    path: tuple[str, ...]
    """The keys from the root to the member; empty for the root itself."""
    steps: tuple[str, ...]
    """The keys from the member to the field; empty where a member was added or removed."""
    before: Any
    after: Any

    @property
    def field(self) -> str:
        """The field for people: ``image``, ``env.LOG_LEVEL``."""
        return ".".join(self.steps)

    def __str__(self) -> str:
        """In words: ``orders/api image 1.4 -> 1.5``."""
        where = "/".join(self.path)
        if not self.steps:
            text = f"{where} {'added' if self.before is None else 'removed'}"
        elif self.before is None:
            text = f"{where} {self.field} {_shown(self.after)} added"
        elif self.after is None:
            text = f"{where} {self.field} removed (was {_shown(self.before)})"
        else:
            text = f"{where} {self.field} {_difference(self.steps, self.before, self.after)}"
        return printable.line(text.strip())

    def to_json(self) -> dict[str, Any]:
        """As data."""
        return {"path": "/".join(self.path), "field": self.field, "before": self.before, "after": self.after}


def changes_between(before: TreeDefinition, after: TreeDefinition) -> list[DefinitionChange]:
    """What ``after`` says otherwise, in the order of paths; at most CHANGE_LIMIT entries."""
    walk = _Comparison(before.templates, after.templates, _unchanged(before.templates, after.templates))
    return list(islice(walk.stack((), before.spec, after.spec), CHANGE_LIMIT))


class _Comparison:
    """Walks two trees side by side, as far as a tree may be deep and large."""

    def __init__(self, before: Mapping[str, Json], after: Mapping[str, Json], same: frozenset[str]) -> None:
        self._before = before
        self._after = after
        self._same = same
        self._left = TREE_LIMIT

    def stack(self, path: tuple[str, ...], before: Json, after: Json) -> Iterator[DefinitionChange]:
        """The changes of a stack and of everything below it."""
        if len(path) > DEPTH_LIMIT:
            return
        yield from _fields(path, (), _without(before, "services"), _without(after, "services"))
        old, new = _map(before.get("services")), _map(after.get("services"))
        for key in sorted({*old, *new}):
            self._left -= 1
            if self._left < 0:
                return
            yield from self._member((*path, key), old.get(key, _ABSENT), new.get(key, _ABSENT))

    def _member(self, path: tuple[str, ...], before: Any, after: Any) -> Iterator[DefinitionChange]:
        if before is _ABSENT:
            yield DefinitionChange(path, (), None, _map(after))
            return
        if after is _ABSENT:
            yield DefinitionChange(path, (), _map(before), None)
            return
        old, new = _map(before), _map(after)
        yield from _fields(path, (), _without(old, "stack"), _without(new, "stack"))
        if not (_is_stack(old) and _is_stack(new)):
            # A service that has become a stack, or the reverse: its type says so, and its fields.
            yield from _fields(path, ("stack",), _map(old.get("stack")), _map(new.get("stack")))
            return
        name = reference_of(old)
        if name is not None and name == reference_of(new) and name in self._same:
            return
        yield from self.stack(path, _below(old, self._before), _below(new, self._after))


_ABSENT: Final = object()


def _unchanged(before: Mapping[str, Json], after: Mapping[str, Json]) -> frozenset[str]:
    """The templates that are the same and refer to such only: nothing below them differs."""
    same = {name for name, each in before.items() if after.get(name) == each}
    uses = {name: set(references(before[name])) & {*before, *after} for name in same}
    while changed := {name for name in same if not uses[name] <= same}:
        same -= changed
    return frozenset(same)


def _fields(path: tuple[str, ...], steps: tuple[str, ...], before: Any, after: Any) -> Iterator[DefinitionChange]:
    """The fields that differ: maps are compared key by key, everything else as a whole."""
    if before == after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted({*before, *after}):
            yield from _fields(path, (*steps, key), before.get(key), after.get(key))
    else:
        yield DefinitionChange(path, steps, before, after)


def _below(member: Json, templates: Mapping[str, Json]) -> Json:
    """The definition of a child stack."""
    name = reference_of(member)
    return _map(member.get("stack")) if name is None else without_marks(_map(templates.get(name)))


def _is_stack(member: Json) -> bool:
    return "stack" in member or "stackRef" in member


def _map(value: Any) -> Json:
    return value if isinstance(value, Mapping) else {}


def _without(value: Json, key: str) -> Json:
    return {name: each for name, each in value.items() if name != key}


def _difference(steps: tuple[str, ...], before: Any, after: Any) -> str:
    """Both values; of two tags of one image the tags alone."""
    if steps == ("image",) and isinstance(before, str) and isinstance(after, str):
        (old, old_tag), (new, new_tag) = _tag(before), _tag(after)
        if old == new and old_tag and new_tag:
            return f"{_shown(old_tag)} -> {_shown(new_tag)}"
    return f"{_shown(before)} -> {_shown(after)}"


def _tag(image: str) -> tuple[str, str]:
    name, at, version = image.partition("@")
    if at:
        return name, version
    start = image.rfind(":")
    return (image[:start], image[start + 1 :]) if start > image.rfind("/") else (image, "")


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    text = " ".join(text.split()) or '""'
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
