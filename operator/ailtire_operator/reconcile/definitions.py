"""Parsed definitions, remembered while they are likely to be asked for again; and the templates of each namespace."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from ailtire_operator.cluster.kinds import STACK
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.model import templates as marks
from ailtire_operator.model.stack import Stack, StackSpec
from ailtire_operator.reconcile.definition_cache import DefinitionCache, Templates
from ailtire_operator.reconcile.mode import spec_of


class Definitions:
    """Typed stacks by uid and generation."""

    def __init__(self, store: Store) -> None:
        self._cache = DefinitionCache()
        self._records: dict[str, dict[str, Record]] = defaultdict(dict)
        self._templates: dict[str, Templates] = {}
        store.listeners.append(self._changed)

    def stack(self, record: Record) -> Stack:
        """The typed stack of a record. Raises InvalidStack."""
        return self._cache.stack(record)

    def templates(self, namespace: str) -> Mapping[str, StackSpec]:
        """The valid templates of a namespace, by name; the same object until one of them changes."""
        if namespace not in self._templates:
            self._templates[namespace] = Templates(self._records.get(namespace, {}), self._cache)
        return self._templates[namespace]

    def has_template(self, namespace: str, name: str) -> bool:
        """Whether there is such a template at all, valid or not."""
        return name in self._records.get(namespace, {})

    def forget(self, uid: str) -> None:
        """The stack is gone."""
        self._cache.forget(uid)

    def _changed(self, old: Record | None, new: Record | None) -> None:
        for record, present in ((old, False), (new, True)):
            if record is None or not is_template(record):
                continue
            if old is not None and new is not None and old.uid == new.uid and old.generation == new.generation:
                return
            self._templates.pop(record.ref.namespace, None)
            if present and not record.deleting:
                self._records[record.ref.namespace][record.ref.name] = record
            else:
                self._records[record.ref.namespace].pop(record.ref.name, None)


def is_template(record: Record) -> bool:
    """Whether the record is a stack that others refer to."""
    return record.ref.kind == STACK.kind and marks.is_template(spec_of(record))


def references(spec: Any) -> Iterator[str]:
    """The templates that a definition refers to, in itself or in a child that it spells out, as it is written.

    Nothing here may fail: the definition may be anything that the schema lets through.
    """
    waiting = [spec]
    while waiting:
        spec = waiting.pop()
        services = spec.get("services") if isinstance(spec, Mapping) else None
        for service in services.values() if isinstance(services, Mapping) else ():
            if not isinstance(service, Mapping):
                continue
            reference = service.get("stackRef")
            if isinstance(reference, Mapping) and isinstance(reference.get("name"), str):
                yield reference["name"]
            waiting.append(service.get("stack"))
