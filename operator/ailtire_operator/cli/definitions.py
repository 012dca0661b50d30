"""From documents to the stacks that they define: roots to run, templates to refer to, and everything wrong with them.

Pure. Every problem is one sentence that starts with file, line, resource and path; all are found in one go, so that
nobody has to correct a file error by error.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.cli.failures import Exit, Failure, Invalid
from ailtire_operator.cli.sources import Document
from ailtire_operator.cli.trees import spec_of
from ailtire_operator.model.census import Census
from ailtire_operator.model.loading import child_level, first_level, parse_spec, parse_stack, sound_levels
from ailtire_operator.model.problems import InvalidStack, Problem, path_of
from ailtire_operator.model.stack import Stack, StackSpec
from ailtire_operator.plan.budget import excesses
from ailtire_operator.plan.order import Order
from ailtire_operator.printable import plural

_TOP_LEVEL: Final = frozenset({"apiVersion", "kind", "metadata", "spec", "status"})
_TEMPLATE_IN_PATH: Final = re.compile(r"\.stackRef\(([^()]*)\)")


@dataclass(frozen=True, slots=True)
class Definition:
    """One AiltireStack resource of the input that is right on its own level."""

    document: Document
    resource: Mapping[str, Any]
    stack: Stack

    @property
    def label(self) -> str:
        """What a message about it starts with."""
        return f"{self.document}: {naming.KIND} {self.stack.name}"


@dataclass(slots=True)
class Definitions:
    """What the input holds."""

    roots: list[Definition] = field(default_factory=list)
    templates: list[Definition] = field(default_factory=list)
    placed: list[Definition] = field(default_factory=list)
    """Children as the operator writes them (``kubectl get -o yaml`` shows them too): their parents speak for them."""
    others: int = 0
    """Objects of other kinds: none of our business, but part of what kustomize builds."""
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What may be right, but only the cluster knows."""

    @property
    def all(self) -> list[Definition]:
        """Every stack of the input, whatever becomes of it."""
        return [*self.roots, *self.templates, *self.placed]

    def templates_for(self, stack: Stack, known: Mapping[str, StackSpec] | None = None) -> dict[str, StackSpec]:
        """The templates that a stack may refer to: those of its namespace, the input's before the ``known`` ones."""
        own = {each.stack.name: each.stack.spec for each in self.templates if each.stack.namespace == stack.namespace}
        return {**(known or {}), **own}

    def checked(self, *, code: Exit | None = None) -> "Definitions":
        """Itself. Raises Invalid where there is any problem, Failure where there is no stack at all."""
        if self.problems:
            raise Invalid(self.problems, code=code)
        if not self.all:
            other = f" (only {plural(self.others, 'object')} of other kinds)" if self.others else ""
            raise Failure(f"the input holds no {naming.KIND}{other}")
        return self


def collect(documents: Sequence[Document], *, deep: bool = True) -> Definitions:
    """Read the documents' stacks; ``deep`` checks the whole tree below each, with the templates of the input."""
    found = Definitions()
    for document in documents:
        for resource in resources(document.data):
            _take(found, document, resource)
    _check_names(found)
    if deep:
        check_trees(found)
    return found


def check_trees(found: Definitions, known: Mapping[str, StackSpec] | None = None) -> None:
    """Look below every stack. What is wrong inside a template is told once, not again for each that refers to it."""
    wrong: set[str] = set()
    for definition in (*found.templates, *found.roots, *found.placed):
        stack = definition.stack
        problems, missing = tree_problems(stack, found.templates_for(stack, known))
        if problems and stack.spec.template:
            wrong.add(stack.name)
            told = problems
        else:
            told = [each for each in problems if not wrong.intersection(_TEMPLATE_IN_PATH.findall(each.path))]
        found.problems += [f"{definition.label}: {problem}" for problem in told]
        found.notes += [f"{definition.label}: {note}" for note in missing]


def resources(data: Any) -> Iterator[Any]:
    """A document's objects: itself, or those of the list that ``kubectl get -o yaml`` prints."""
    if isinstance(data, dict) and isinstance(data.get("items"), list) and str(data.get("kind", "")).endswith("List"):
        yield from data["items"]
    else:
        yield data


def _take(found: Definitions, document: Document, resource: Any) -> None:
    if not isinstance(resource, dict) or not isinstance(resource.get("kind"), str):
        found.problems.append(f"{document}: this is no Kubernetes resource: it has no apiVersion and kind")
        return
    if resource["kind"] != naming.KIND:
        found.others += 1
        return
    label = _label(document, resource)
    problems = [f"{label}: {problem}" for problem in _resource_problems(resource)]
    if problems:
        found.problems += problems
        return
    try:
        definition = Definition(document, resource, parse_stack(resource))
    except InvalidStack as error:
        found.problems += [
            f"{label}: {problem}" for problem in [*error.problems, *_below(resource.get("spec"), "spec")]
        ]
        return
    spec = definition.stack.spec
    (found.placed if spec.place else found.templates if spec.template else found.roots).append(definition)


def _label(document: Document, resource: Mapping[str, Any]) -> str:
    metadata = resource.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    return f"{document}: {naming.KIND} {name or '(without a name)'}"


def _resource_problems(resource: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong around the spec, where the models do not look."""
    version = resource.get("apiVersion")
    if version != naming.API_VERSION:
        yield Problem("apiVersion", f"'{version}' is unknown; this program reads {naming.API_VERSION}")
    for key in resource:
        if key not in _TOP_LEVEL:
            yield Problem(path_of("", key).lstrip("."), "unknown key; the definition stands below spec")
    metadata = resource.get("metadata")
    if not isinstance(metadata, dict) or not metadata.get("name"):
        yield Problem("metadata.name", "a stack needs a name")
        return
    for key in ("name", "namespace"):
        if not isinstance(metadata.get(key, ""), str):
            yield Problem(f"metadata.{key}", "must be a text; put it in quotes")
    for key in ("labels", "annotations"):
        entries = metadata.get(key) or {}
        texts = isinstance(entries, dict) and all(isinstance(value, str) for value in entries.values())
        if not texts:
            yield Problem(f"metadata.{key}", "must be texts by name; put numbers, yes and no in quotes")


def _below(spec: Any, path: str) -> Iterator[Problem]:
    """The problems of inline children under a definition that is wrong itself, so that all are reported at once."""
    services = spec.get("services") if isinstance(spec, dict) else None
    for key, service in services.items() if isinstance(services, dict) else ():
        child = service.get("stack") if isinstance(service, dict) else None
        if isinstance(child, dict):
            below = f"{path_of(f'{path}.services', key)}.stack"
            try:
                parse_spec(child, below)
            except InvalidStack as error:
                yield from error.problems
            yield from _below(child, below)


def _check_names(found: Definitions) -> None:
    seen: dict[tuple[str, str], Definition] = {}
    for definition in found.all:
        other = seen.setdefault((definition.stack.namespace, definition.stack.name), definition)
        if other is not definition:
            found.problems.append(f"{definition.label}: the same stack stands at {other.document} already")


def tree_problems(stack: Stack, templates: Mapping[str, StackSpec]) -> tuple[list[Problem], list[Problem]]:
    """Everything wrong below a stack, as one bad branch does not hide another; and the templates that are missing.

    Who waits for whom is judged from the root: paths start there.
    """
    problems = list(excesses(stack.spec, Census(templates)))
    missing: list[Problem] = []
    waiting = [] if problems else [first_level(stack.name, stack.spec)]
    while waiting:
        level = waiting.pop()
        for key, service in reversed(level.spec.children.items()):
            path = path_of(f"{level.path}.services", key)
            try:
                child = child_level(level, key, templates)
            except InvalidStack as error:
                problems += [*error.problems, *_below(service.stack, f"{path}.stack")]
                continue
            if child is not None:
                waiting.append(child)
            elif service.stack_ref is not None:
                sentence = f"the template '{service.stack_ref.name}' is not part of the input"
                missing.append(Problem(f"{path}.stackRef.name", sentence))
    if not stack.spec.template and stack.spec.place is None:
        problems += Order(sound_levels(stack.name, stack.spec, templates)).problems()
    return problems, missing


def known_templates(resources: Iterable[Mapping[str, Any]]) -> dict[str, StackSpec]:
    """The templates among the resources of a cluster. One that is wrong is as good as none, as for the operator."""
    found: dict[str, StackSpec] = {}
    for resource in resources:
        if spec_of(resource).get("template") is True:
            with suppress(InvalidStack):
                found[resource["metadata"]["name"]] = parse_stack(resource).spec
    return found
