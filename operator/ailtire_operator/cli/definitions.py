"""From documents to the stacks that they define: roots to run, templates to refer to, and everything wrong with them.

Pure. Every problem is one sentence that starts with file, line, resource and path; all are found in one go, so that
nobody has to correct a file error by error.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from ailtire_operator import naming
from ailtire_operator.cli import envelope
from ailtire_operator.cli.failures import Exit, Failure
from ailtire_operator.cli.issues import InvalidInput, Issue, Rule, issue
from ailtire_operator.cli.sources import Document
from ailtire_operator.cli.trees import spec_of
from ailtire_operator.model.census import Census
from ailtire_operator.model.deprecations import deprecated
from ailtire_operator.model.field_path import REFERENCE, SPEC, WHOLE, FieldPath, Reference, path_of
from ailtire_operator.model.loading import child_level, first_level, parse_spec, parse_stack, sound_levels
from ailtire_operator.model.problems import FieldError, InvalidStack
from ailtire_operator.model.stack import Stack, StackSpec
from ailtire_operator.model.templates import is_template
from ailtire_operator.plan.budget import excesses
from ailtire_operator.plan.dependency_graph import DependencyGraph
from ailtire_operator.printable import plural


@dataclass(frozen=True, slots=True)
class Definition:
    """One AiltireStack resource of the input that is right on its own level."""

    document: Document
    resource: Mapping[str, Any]
    stack: Stack
    path: FieldPath = WHOLE
    """Where the resource stands in its document: ``items[3]`` of a list."""

    @property
    def label(self) -> str:
        """What a message about it starts with."""
        return f"{self.document}: {naming.KIND} {self.stack.name}"

    def issue(self, problem: FieldError, rule: Rule = Rule.INVALID) -> Issue:
        """A problem of it, at its place in the file."""
        return _issue(self.document, self.path, f"{naming.KIND} {self.stack.name}", problem, rule)


@dataclass(slots=True)
class Definitions:
    """What the input holds."""

    roots: list[Definition] = field(default_factory=list)
    templates: list[Definition] = field(default_factory=list)
    placed: list[Definition] = field(default_factory=list)
    """Children as the operator writes them (``kubectl get -o yaml`` shows them too): their parents speak for them."""
    ignores_others: bool = False
    """Whether input without any stack is right, and what is no resource is as good as one of another kind."""
    others: int = 0
    """Objects of other kinds: none of our business, but part of what kustomize builds."""
    problems: list[Issue] = field(default_factory=list)
    notes: list[Issue] = field(default_factory=list)
    """What is right but deprecated, or may be right, but only the cluster knows."""

    @property
    def all(self) -> list[Definition]:
        """Every stack of the input, whatever becomes of it."""
        return [*self.roots, *self.templates, *self.placed]

    def templates_for(self, stack: Stack, known: Mapping[str, StackSpec] | None = None) -> dict[str, StackSpec]:
        """The templates that a stack may refer to: those of its namespace, the input's before the ``known`` ones."""
        own = {each.stack.name: each.stack.spec for each in self.templates if each.stack.namespace == stack.namespace}
        return {**(known or {}), **own}

    def issue(self, definition: Definition, problem: FieldError, rule: Rule = Rule.INVALID) -> Issue:
        """A problem below a definition at its place: in a template, where that is part of the input."""
        name = problem.where.templates[-1:]
        template = next((each for each in self.templates if (each.stack.name,) == name), None)
        if template is None or template.stack.namespace != definition.stack.namespace:
            return definition.issue(problem, rule)
        place = template.issue(replace(problem, where=_in_template(problem.where)), rule)
        return replace(place, resource=f"{naming.KIND} {definition.stack.name}", path=problem.path)

    def checked(self, *, code: Exit | None = None) -> "Definitions":
        """Itself. Raises Invalid where there is any problem, Failure where there is no stack but has to be."""
        if self.problems:
            raise InvalidInput(self.problems, code=code)
        if not self.all and not self.ignores_others:
            other = f" (only {plural(self.others, 'object')} of other kinds)" if self.others else ""
            raise Failure(f"the input holds no {naming.KIND}{other}")
        return self


def collect(documents: Sequence[Document], *, deep: bool = True, ignore_others: bool = False) -> Definitions:
    """Read the documents' stacks; ``deep`` checks the whole tree below each, with the templates of the input."""
    found = Definitions(ignores_others=ignore_others)
    for document in documents:
        for path, resource in _resources(document.data):
            _take(found, document, path, resource)
    _check_names(found)
    if deep:
        check_trees(found)
    return found


def check_trees(found: Definitions, known: Mapping[str, StackSpec] | None = None) -> None:
    """Check what is below every stack. What is wrong in a template is reported once, not for each that refers to it."""
    wrong: set[str] = set()
    for definition in (*found.templates, *found.roots, *found.placed):
        stack = definition.stack
        problems, missing = tree_problems(stack, found.templates_for(stack, known))
        if problems and stack.spec.is_template:
            wrong.add(stack.name)
            reported = problems
        else:
            reported = [each for each in problems if not wrong.intersection(each.where.templates)]
        found.problems += [found.issue(definition, each) for each in reported]
        found.notes += [found.issue(definition, each, Rule.TEMPLATE) for each in missing]


def resources(data: Any) -> Iterator[Any]:
    """A document's objects: itself, or those of the list that ``kubectl get -o yaml`` prints."""
    return (each for _, each in _resources(data))


def _resources(data: Any) -> Iterator[tuple[FieldPath, Any]]:
    """The same, each with its path in the document."""
    if isinstance(data, dict) and isinstance(data.get("items"), list) and str(data.get("kind", "")).endswith("List"):
        yield from ((FieldPath("items", (index,)), each) for index, each in enumerate(data["items"]))
    else:
        yield WHOLE, data


def _take(found: Definitions, document: Document, path: FieldPath, resource: Any) -> None:
    if not isinstance(resource, dict) or not isinstance(resource.get("kind"), str):
        if found.ignores_others:
            found.others += 1
            return
        sentence = "this is no Kubernetes resource: it has no apiVersion and kind"
        found.problems.append(_issue(document, path, "", FieldError(WHOLE, sentence)))
        return
    if resource["kind"] != naming.KIND:
        found.others += 1
        return
    metadata = resource.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    problems, stack = list(envelope.problems(resource)), None
    try:
        stack = parse_stack(resource) if isinstance(name, str) and name else None
    except InvalidStack as error:
        problems += [*error.problems, *_below(resource.get("spec"), SPEC)]
    if stack is None or problems:
        label = f"{naming.KIND} {name or '(without a name)'}"
        found.problems += [_issue(document, path, label, each) for each in problems]
        return
    definition = Definition(document, resource, stack, path)
    found.notes += [definition.issue(each, Rule.DEPRECATED) for each in deprecated(resource.get("spec"))]
    spec = stack.spec
    (found.placed if spec.place else found.templates if spec.is_template else found.roots).append(definition)


def _issue(document: Document, path: FieldPath, resource: str, problem: FieldError, rule: Rule = Rule.INVALID) -> Issue:
    steps = (*path.in_document, *problem.where.in_document)
    return issue(document.source, document.place(steps, key=problem.of_key), resource, problem, rule)


def _in_template(path: FieldPath) -> FieldPath:
    """The path in the last of the templates that it goes through."""
    entered = max(number for number, step in enumerate(path.steps, 1) if isinstance(step, Reference))
    return path_of(SPEC, *path.steps[entered:])


def _below(spec: Any, path: FieldPath) -> Iterator[FieldError]:
    """The problems of inline children under a definition that is wrong itself, so that all are reported at once."""
    services = spec.get("services") if isinstance(spec, dict) else None
    for key, service in services.items() if isinstance(services, dict) else ():
        child = service.get("stack") if isinstance(service, dict) else None
        if isinstance(child, dict):
            below = path_of(path, "services", key, "stack")
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
            sentence = f"the same stack stands at {other.document} already"
            found.problems.append(definition.issue(FieldError(WHOLE, sentence)))


def tree_problems(stack: Stack, templates: Mapping[str, StackSpec]) -> tuple[list[FieldError], list[FieldError]]:
    """Everything wrong below a stack, as one bad branch does not hide another; and the templates that are missing.

    Who waits for whom is judged from the root: paths start there.
    """
    problems = list(excesses(stack.spec, Census(templates)))
    missing: list[FieldError] = []
    waiting = [] if problems else [first_level(stack.name, stack.spec)]
    while waiting:
        level = waiting.pop()
        for key, service in reversed(level.spec.children.items()):
            path = path_of(level.path, "services", key)
            try:
                child = child_level(level, key, templates)
            except InvalidStack as error:
                problems += [*error.problems, *_below(service.stack, path_of(path, "stack"))]
                continue
            if child is not None:
                waiting.append(child)
            elif service.stack_ref is not None:
                sentence = f"the template '{service.stack_ref.name}' is not part of the input"
                missing.append(FieldError(path_of(path, REFERENCE, "name"), sentence))
    if not stack.spec.is_template and stack.spec.place is None:
        problems += DependencyGraph(sound_levels(stack.name, stack.spec, templates)).problems()
    return problems, missing


def from_root(
    root: Stack, templates: Mapping[str, StackSpec], errors: Sequence[tuple[str, FieldError]]
) -> Iterator[FieldError]:
    """Errors of single stacks of a tree, each with the stack's name, with paths that start at the root's definition."""
    if not errors:
        return
    starts: dict[str, FieldPath] = {}
    for level in sound_levels(root.name, root.spec, templates):
        starts.setdefault(level.name, level.path)
    for name, each in errors:
        yield replace(each, where=path_of(starts.get(name, SPEC), *each.where.steps))


def known_templates(resources: Iterable[Mapping[str, Any]]) -> dict[str, StackSpec]:
    """The templates among the resources of a cluster. One that is wrong is as good as none, as for the operator."""
    found: dict[str, StackSpec] = {}
    for resource in resources:
        if is_template(spec_of(resource)):
            with suppress(InvalidStack):
                found[resource["metadata"]["name"]] = parse_stack(resource).spec
    return found
