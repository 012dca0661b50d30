"""Parsed definitions, remembered while they are likely to be asked for again; and the templates of each namespace."""

from collections import OrderedDict, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ailtire_operator.cluster.kinds import STACK
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.model.loading import parse_stack
from ailtire_operator.model.problems import InvalidStack
from ailtire_operator.model.stack import Stack, StackSpec
from ailtire_operator.reconcile.place import spec_of

_KEPT: Final = 512
"""Parsed stacks kept in memory: those that change; a resting tree of thousands costs nothing."""


class Definitions:
    """Typed stacks by uid and generation."""

    def __init__(self, store: Store) -> None:
        self._parsed: OrderedDict[str, tuple[int, Stack | InvalidStack]] = OrderedDict()
        self._templates: dict[str, dict[str, Record]] = defaultdict(dict)
        self._specs: dict[str, dict[str, StackSpec]] = {}
        store.listeners.append(self._changed)

    def stack(self, record: Record) -> Stack:
        """The typed stack of a record. Raises InvalidStack."""
        known = self._parsed.get(record.uid)
        if known is None or known[0] != record.generation:
            known = (record.generation, _parse(record))
            self._parsed[record.uid] = known
            if len(self._parsed) > _KEPT:
                self._parsed.popitem(last=False)
        self._parsed.move_to_end(record.uid)
        if isinstance(known[1], InvalidStack):
            raise known[1]
        return known[1]

    def templates(self, namespace: str) -> Mapping[str, StackSpec]:
        """The valid templates of a namespace, by name; the same object until one of them changes."""
        if namespace not in self._specs:
            self._specs[namespace] = dict(self._valid(namespace))
        return self._specs[namespace]

    def has_template(self, namespace: str, name: str) -> bool:
        """Whether there is such a template at all, valid or not."""
        return name in self._templates.get(namespace, {})

    def _valid(self, namespace: str) -> Iterator[tuple[str, StackSpec]]:
        for name, record in self._templates.get(namespace, {}).items():
            parsed = _parse(record)
            if isinstance(parsed, Stack):
                yield name, parsed.spec

    def _changed(self, old: Record | None, new: Record | None) -> None:
        if old is not None and old.ref.kind == STACK.kind and (new is None or new.uid != old.uid):
            self._parsed.pop(old.uid, None)
        for record, present in ((old, False), (new, True)):
            if record is None or not is_template(record):
                continue
            if old is not None and new is not None and old.uid == new.uid and old.generation == new.generation:
                return
            self._specs.pop(record.ref.namespace, None)
            if present and not record.deleting:
                self._templates[record.ref.namespace][record.ref.name] = record
            else:
                self._templates[record.ref.namespace].pop(record.ref.name, None)


def is_template(record: Record) -> bool:
    """Whether the record is a stack that others refer to."""
    return record.ref.kind == STACK.kind and spec_of(record).get("template") is True


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


def _parse(record: Record) -> Stack | InvalidStack:
    metadata = {
        "name": record.ref.name,
        "namespace": record.ref.namespace,
        "uid": record.uid,
        "generation": record.generation,
    }
    try:
        return parse_stack({"metadata": metadata, "spec": record.summary.get("spec")})
    except InvalidStack as error:
        return error
