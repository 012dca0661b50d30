"""Which templates a definition uses: those that it refers to, and those that they refer to in turn. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from ailtire_operator.model.templates import references


class TemplateUsers:
    """Answers for one set of templates, of which each may have several versions: what any of them refers to counts."""

    def __init__(self, *versions: Mapping[str, Any]) -> None:
        """``versions``: by name, the specs of templates as they are written, valid or not."""
        self._direct: dict[str, set[str]] = {}
        for templates in versions:
            for name, spec in templates.items():
                self._direct.setdefault(name, set()).update(references(spec))
        self._all: dict[str, frozenset[str]] = {}

    def used(self, spec: Any) -> frozenset[str]:
        """The names of all templates that a definition uses, also of those that do not exist."""
        return frozenset[str]().union(*map(self._with_all_below, set(references(spec))))

    def users(self, specs: Mapping[str, Any], names: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Of the definitions those that use any of the named templates, with the names of these, both in order."""
        wanted = frozenset(names)
        found = {name: tuple(sorted(self.used(specs[name]) & wanted)) for name in sorted(specs)}
        return {name: used for name, used in found.items() if used}

    def _with_all_below(self, name: str) -> frozenset[str]:
        if name not in self._all:
            found, waiting = {name}, [name]
            while waiting:
                new = self._direct.get(waiting.pop(), set()) - found
                found |= new
                waiting += new
            self._all[name] = frozenset(found)
        return self._all[name]
