"""Exports AiltireStacks to Swarm: one Compose document for each stack of the tree.

Two profiles share the traversal of the tree: ``swarm`` is for ``docker stack deploy`` without Ailtire,
``ailtire`` is what upstream's own generator writes, where every child stack is a stack container.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import yaml

from ailtire_operator import printable
from ailtire_operator.compose import ailtire_profile
from ailtire_operator.compose.reporting import Report
from ailtire_operator.compose.swarm.branches import Branch, branch_of
from ailtire_operator.compose.swarm.documents import EndpointMode, documents
from ailtire_operator.compose.views import StackView, root_view
from ailtire_operator.model.field_path import FieldPath, path_of
from ailtire_operator.model.limits import TREE_LIMIT
from ailtire_operator.model.loading import Level, child_level, first_level
from ailtire_operator.model.problems import FieldError, InvalidStack
from ailtire_operator.model.report import Notice
from ailtire_operator.model.settings import GATEWAY_IMAGE
from ailtire_operator.model.stack import StackSpec

Profile = Literal["swarm", "ailtire"]
_QUOTED: Final = frozenset("0123456789+-.=<~")
_WIDTH: Final = 2**20
"""So wide that YAML has no line breaks inside values."""


@dataclass(frozen=True)
class Exported:
    """The result of an export."""

    files: Mapping[str, dict[str, Any]]
    """Stack name -> Compose document as data, in the order in which they are deployed."""
    notices: tuple[Notice, ...]
    """What the documents cannot express."""
    beside: Mapping[str, bytes] = field(default_factory=dict)
    """Files that the documents refer to, by path below their folder."""
    needed: tuple[str, ...] = ()
    """Commands to run before the first stack is deployed."""


@dataclass(frozen=True)
class SwarmOptions:
    """Options of the ``swarm`` profile."""

    single: bool = False
    """One file, and one stack in Swarm, for the whole tree."""
    endpoint_mode: EndpointMode = "vip"
    """dnsrr: names resolve to the tasks themselves, and published ports are those of the nodes that run a task."""
    gateway_image: str = GATEWAY_IMAGE
    """The image of gateways without one."""


def export_tree(
    name: str,
    spec: StackSpec,
    templates: Mapping[str, StackSpec],
    *,
    profile: Profile = "swarm",
    options: SwarmOptions | None = None,
) -> Exported:
    """The Compose documents of a stack and everything below it; references are resolved from ``templates``.

    Raises InvalidStack for an invalid value at any level, a cycle of references, and a tree too deep or too large.
    """
    report = Report()
    stacks = _stacks(name, spec, templates, report)
    if profile == "ailtire":
        return Exported({view.name: ailtire_profile.document(view, report) for _, view in stacks}, report.notices)
    options = options or SwarmOptions()
    branches: dict[str, Branch] = {}
    for level, view in stacks:
        parent = branches.get(view.parent or "")
        branches[view.name] = branch_of(view, level, parent, templates, options.gateway_image)
    made = documents(list(branches.values()), report, single=options.single, endpoint_mode=options.endpoint_mode)
    return Exported(made.files, report.notices, made.beside, made.needed)


def _stacks(
    name: str, spec: StackSpec, templates: Mapping[str, StackSpec], report: Report
) -> list[tuple[Level, StackView]]:
    """The stacks of the tree, parents first, each name once."""
    found: dict[str, tuple[Level, StackView]] = {}
    left_out: list[FieldPath] = []
    for level, view in _views(name, spec, templates, report):
        if any(map(view.path.is_below, left_out)):
            continue
        if view.name in found:
            left_out.append(view.path)
            report.rejected(view.path, f"another stack of the tree is called '{view.name}' too; this one is left out.")
        else:
            found[view.name] = level, view
    return list(found.values())


def _views(
    name: str, spec: StackSpec, templates: Mapping[str, StackSpec], report: Report
) -> Iterator[tuple[Level, StackView]]:
    """The stacks of the tree, parents first."""
    waiting = [(first_level(name, spec), root_view(name, spec))]
    members = 0
    while waiting:
        level, view = waiting.pop()
        members += len(level.spec.services)
        if members > TREE_LIMIT:
            raise InvalidStack([FieldError(level.path, f"the tree has more than {TREE_LIMIT} services and stacks")])
        yield level, view
        below = [(_child(level, key, templates, report), key) for key in level.spec.children]
        waiting += [(child, view.child(key, child)) for child, key in reversed(below) if child is not None]


def _child(level: Level, key: str, templates: Mapping[str, StackSpec], report: Report) -> Level | None:
    child = child_level(level, key, templates)
    if child is None:
        path = path_of(level.path, "services", key, "stackRef")
        message = "the referenced stack is not among the input files, so no file is written for it."
        report.ignored(path, message, "Add the file that declares it.")
    return child


class _Dumper(yaml.SafeDumper):
    """Writes repeated parts without anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    """Quote what another parser could read as a number or an indicator: Docker's reads 1e3 and 0o17 as numbers."""
    style = "'" if text[:1] in _QUOTED and text.isprintable() else printable.in_yaml(text)
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


_Dumper.add_representer(str, _text)


def dump(document: Mapping[str, Any]) -> str:
    """The document as YAML, keys in their order."""
    text = yaml.dump(dict(document), Dumper=_Dumper, sort_keys=False, width=_WIDTH, allow_unicode=True)
    return printable.lines(text)
