"""What changed templates do to each tree that uses them: two plans of every stack of a tree compared. Pure.

Nothing of it is asked of a cluster, so that hundreds of small trees take seconds (one of 600 members: 1.4 s). What a
tree would be is compared with what it would be with the templates as they are: what else an apply would put right is
not the templates' doing.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.cli.definitions import from_root, tree_problems
from ailtire_operator.cli.stack_gateways import COMPONENTS
from ailtire_operator.model.loading import parse_stack
from ailtire_operator.model.problems import FieldError, InvalidStack
from ailtire_operator.model.stack import Stack, StackSpec
from ailtire_operator.plan.types import Manifest, Plan, ServicePlan

Templates = Mapping[str, StackSpec]
Planner = Callable[[Stack, Templates], Plan]
"""The plan of one stack. Raises InvalidStack."""
GATEWAY: Final = "(gateway)"
"""In a path: a stack's gateway. No key has a bracket."""


class Verdict(StrEnum):
    """Whether a tree is valid with the changed templates; the names are part of the command's promise."""

    VALID = "valid"
    INVALID = "invalid"
    """It becomes invalid, or gets errors that it does not have now."""
    INVALID_ALREADY = "invalidAlready"
    """It has errors, all of which it has now, too."""


@dataclass(frozen=True, slots=True)
class TreeImpact:
    """One tree. Paths start at the root's name: ``shop/pay/api``."""

    root: str
    namespace: str
    templates: tuple[str, ...]
    """The given templates that it uses, directly or through others."""
    problems: tuple[FieldError, ...] = ()
    """What is wrong with it then; paths start at the root's definition."""
    new_problems: tuple[FieldError, ...] = ()
    """Those that it does not have now."""
    missing: tuple[str, ...] = ()
    """Templates that it refers to and that do not exist."""
    suspended: bool = False
    """Whether nothing of it changes before it is resumed."""
    stacks: tuple[str, ...] = ()
    """The stacks in which something changes, those included that are added or removed."""
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    """Services, and gateways."""
    replaced: tuple[str, ...] = ()
    """Those that stay and whose pods are replaced, or whose job runs again."""

    @property
    def verdict(self) -> Verdict:
        """Whether the change makes it invalid."""
        if self.new_problems:
            return Verdict.INVALID
        return Verdict.INVALID_ALREADY if self.problems else Verdict.VALID

    @property
    def changes(self) -> bool:
        """Whether anything of it changes."""
        return bool(self.stacks)

    def verdict_json(self) -> dict[str, Any]:
        """Whether it is valid, as data; the form is part of the commands' promise (docs/cli.md)."""
        return {
            "tree": self.root,
            "namespace": self.namespace,
            "templates": list(self.templates),
            "verdict": str(self.verdict),
            "problems": list(map(str, self.problems)),
            "missingTemplates": list(self.missing),
        }

    def to_json(self) -> dict[str, Any]:
        """All of it, likewise."""
        return {
            **self.verdict_json(),
            "suspended": self.suspended,
            "stacks": list(self.stacks),
            "services": {"added": list(self.added), "changed": list(self.changed), "removed": list(self.removed)},
            "podsReplaced": list(self.replaced),
        }


def tree_impact(
    root: Stack,
    used: tuple[str, ...],
    before: Templates,
    after: Templates,
    make: Planner,
    *,
    live: Stack | None,
) -> TreeImpact:
    """What becomes of the tree; ``live``: its root as it is now, None for a new one.

    ``used``: which of the given templates it uses, ``before`` and ``after``: all templates of its namespace.
    """
    then = _Tree.read(root, after, make)
    impact = TreeImpact(
        root.name,
        root.namespace,
        used,
        problems=tuple(then.problems),
        missing=tuple(sorted(then.missing)),
        suspended=root.spec.suspend,
    )
    now = _Tree() if live is None else then if live is root and before is after else _Tree.read(live, before, make)
    known = set(map(str, now.problems))
    new = tuple(each for each in then.problems if str(each) not in known)
    return replace(_compared(impact, now, then), new_problems=new)


@dataclass(slots=True)
class _Tree:
    """A tree with one set of templates."""

    plans: dict[str, Plan] = field(default_factory=dict)
    """By the stack's path."""
    kept: set[str] = field(default_factory=set)
    """The paths of stacks that are left as they are, with all below: invalid, suspended, without a template."""
    problems: list[FieldError] = field(default_factory=list)
    missing: set[str] = field(default_factory=set)

    @classmethod
    def read(cls, root: Stack, templates: Templates, make: Planner) -> "_Tree":
        """Plan every stack of it, as far as it is valid."""
        tree = cls()
        errors: list[tuple[str, FieldError]] = []
        waiting = [(root.name, root)]
        while waiting:
            path, stack = waiting.pop()
            if stack.spec.suspend:
                tree.kept.add(path)
                continue
            try:
                made = make(stack, templates)
            except InvalidStack as error:
                tree.kept.add(path)
                errors += [(stack.name, each) for each in error.problems]
                continue
            tree.plans[path] = made
            for child in made.children.values():
                errors += [(stack.name, each) for each in child.problem.errors] if child.problem else []
            waiting += tree._below(path, made)
        tree.problems = _unique([*tree_problems(root, templates)[0], *from_root(root, templates, errors)])
        return tree

    def keeps(self, path: str) -> bool:
        """Whether the stack at this path is left as it is."""
        return any(path == each or path.startswith(f"{each}/") for each in self.kept)

    def _below(self, path: str, made: Plan) -> Iterator[tuple[str, Stack]]:
        """The children that are planned; the others are kept."""
        resources = {each["metadata"]["name"]: each for each in made.objects if each["kind"] == naming.KIND}
        for key, child in made.children.items():
            if child.missing is not None and not child.optional:
                self.missing.add(child.missing)
            if child.name not in resources:
                self.kept.add(f"{path}/{key}")
                continue
            stack = parse_stack(resources[child.name])
            yield f"{path}/{key}", stack.model_copy(update={"namespace": made.stack.namespace})


def _unique(problems: list[FieldError]) -> list[FieldError]:
    return list({str(each): each for each in problems}.values())


def _compared(impact: TreeImpact, now: _Tree, then: _Tree) -> TreeImpact:
    stacks: set[str] = set()
    added, changed, removed, replaced = list[str](), list[str](), list[str](), list[str]()
    for path in sorted(now.plans.keys() | then.plans.keys()):
        if then.keeps(path):
            continue
        old, new = _members(now.plans.get(path)), _members(then.plans.get(path))
        if old == new:
            continue
        stacks.add(path)
        if now.keeps(path):
            continue  # what runs of it is not what its definition says, so that nobody can say what changes of it
        for key in sorted((old.keys() | new.keys()) - {_REST}):
            member = f"{path}/{key}"
            if key not in old:
                added.append(member)
            elif key not in new:
                removed.append(member)
            elif old[key] != new[key]:
                changed.append(member)
                replaced += [member] if _replaces(old[key].plan, new[key].plan) else []
    return replace(
        impact,
        stacks=tuple(sorted(stacks)),
        added=tuple(added),
        changed=tuple(changed),
        removed=tuple(removed),
        replaced=tuple(replaced),
    )


_REST: Final = ""
"""The key of what belongs to no single service: policies, volumes, files."""


@dataclass(frozen=True, slots=True)
class _Member:
    """A service, or a gateway, with its objects."""

    plan: ServicePlan | None
    objects: tuple[Manifest, ...]


def _members(made: Plan | None) -> dict[str, _Member]:
    """By key. Child stacks are left out: they are compared themselves."""
    if made is None:
        return {}
    keys = {naming.sanitize(key): key for key in made.services}
    objects: dict[str, list[Manifest]] = {key: [] for key in (_REST, *made.services)}
    plans: dict[str, ServicePlan | None] = {_REST: None, **made.services}
    if made.gateway is not None:
        plans[GATEWAY], objects[GATEWAY] = made.gateway, []
    for each in made.objects:
        if each["kind"] == naming.KIND:
            continue
        labels = each["metadata"].get("labels") or {}
        key = keys.get(labels.get(naming.LABEL_SERVICE, ""), _REST)
        if labels.get(naming.LABEL_COMPONENT) in COMPONENTS and GATEWAY in objects:
            key = GATEWAY
        objects[key].append(each)
    return {key: _Member(plan, tuple(objects[key])) for key, plan in plans.items()}


def _replaces(old: ServicePlan | None, new: ServicePlan | None) -> bool:
    """Whether pods that run are replaced."""
    if old is None or new is None or old.stopped or new.stopped:
        return False
    return (old.kind, old.name, old.template_hash) != (new.kind, new.name, new.template_hash)
