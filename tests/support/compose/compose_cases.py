"""Compose files for tests: conversion as `import` and `render` do it, and the cases of the key table."""

import os
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final
from unittest import mock

import yaml

from ailtire_operator import naming
from ailtire_operator.cli.import_filter import filtered
from ailtire_operator.cli.rendering import tree_plans
from ailtire_operator.compose.accepted import Accepted
from ailtire_operator.compose.compose_file.docker_compose import Choices
from ailtire_operator.compose.compose_file.project import ComposeOptions, read_canonical
from ailtire_operator.compose.importing import compose_files, import_compose
from ailtire_operator.compose.keys import Row, row_of
from ailtire_operator.compose.reporting import Report
from ailtire_operator.model.loading import parse_stack
from ailtire_operator.model.report import Notice
from ailtire_operator.model.settings import Settings
from ailtire_operator.plan.types import Plan
from lab.paths import ROOT

Location = tuple[int | str, ...]
_NOTHING: Final[tuple[Any, ...]] = (None, {}, [], "")
DATA = ROOT / "tests" / "data"
SETTINGS = Settings(nameservers=["10.96.0.10"])


@dataclass(frozen=True)
class Conversion:
    """What a Compose file became."""

    stack: dict[str, Any]
    notices: tuple[Notice, ...]
    objects: list[dict[str, Any]]
    secrets: list[dict[str, Any]] = field(default_factory=list)

    @property
    def services(self) -> dict[str, Any]:
        """The stack's services."""
        return dict(self.stack["spec"]["services"])

    @property
    def told(self) -> str:
        """The report as text."""
        return "\n".join(map(str, self.notices))

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The objects of a kind; ``Deployment/web`` is that of one service, or of the volume of that name."""
        kind, _, name = kind.partition("/")
        found = [each for each in (*self.objects, self.stack) if each["kind"] == kind]
        return [each for each in found if not name or _names(each, self.stack["metadata"]["name"], name)]


def _names(resource: Mapping[str, Any], stack: str, name: str) -> bool:
    return bool(re.fullmatch(rf"{stack}-+{name}(--data|-[0-9a-f]+)?", resource["metadata"]["name"]))


_CHOICES = ("profiles", "project_name", "env_files", "shell_variables")


def convert(*files: Path, **options: Any) -> Conversion:
    """Files as `import` reads and the operator renders them."""
    choices = Choices(**{key: options.pop(key) for key in _CHOICES if key in options})
    imported = import_compose(list(files), options=ComposeOptions(choices, **options))
    *secrets, resource = imported.resources
    return _rendered(resource, imported.notices, secrets, imported.opened)


def convert_canonical(data: dict[str, Any], folder: Path, opened: tuple[str, ...] = ()) -> Conversion:
    """The same for a project that Docker Compose has resolved already."""
    report = Report(Accepted(opened))
    read = read_canonical(data, "p", folder, ComposeOptions(), report)
    resource = {
        "apiVersion": naming.API_VERSION,
        "kind": naming.KIND,
        "metadata": {"name": read.name},
        "spec": read.spec,
    }
    return _rendered(resource, report.notices, [], report.opened)


def _rendered(
    resource: dict[str, Any], told: tuple[Notice, ...], secrets: list[dict[str, Any]], opened: Accepted
) -> Conversion:
    resource, notices = filtered(resource, SETTINGS, opened)
    plans = [made for _, made in tree_plans(parse_stack(resource), {}, SETTINGS)]
    assert all(isinstance(made, Plan) for made in plans)
    objects = [each for made in plans if isinstance(made, Plan) for each in made.objects]
    return Conversion(resource, (*told, *notices, *opened.unused()), objects, secrets)


def convert_text(folder: Path, text: str, **options: Any) -> Conversion:
    """A Compose file given as text."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "compose.yaml").write_text(text)
    return convert(*compose_files(folder), **options)


@dataclass(frozen=True)
class Case:
    """One entry of compose-keys.yaml."""

    name: str
    compose: dict[str, Any]
    files: dict[str, str] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)
    profiles: tuple[str, ...] = ()
    shows: dict[str, list[Any]] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    """Rows that Docker Compose refuses to read: not part of the file that is converted."""

    def convert(self, folder: Path) -> Conversion:
        """The case's file, converted in a folder."""
        for name, content in self.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(content)
        with mock.patch.dict(os.environ, self.env):
            text = yaml.safe_dump(self.readable())
            return convert_text(folder, text, profiles=tuple(self.profiles), shell_variables=True)

    def readable(self) -> Any:
        """The part of the file that Docker Compose reads."""
        return _without(self.compose, self.without)

    def rows(self) -> dict[tuple[int | str, ...], Row]:
        """The rows of all keys that stand in the file, by place."""
        return dict(_rows(self.compose, ()))


def cases() -> list[Case]:
    """All cases."""
    return [Case(**each) for each in yaml.safe_load((DATA / "compose-keys.yaml").read_text())]


FILES = sorted([*(DATA / "compose").glob("*.yaml"), *(DATA / "compose").glob("*/compose.yaml")])
NAMES = {path.stem if path.parent.name == "compose" else path.parent.name: path for path in FILES}
"""Files in the style of what people deploy, by name."""


@cache
def converted(name: str) -> Conversion:
    """One of them, converted."""
    file = NAMES[name]
    with mock.patch.dict(os.environ, {"DB_PASSWORD": "x", "GITLAB_HOME": "/srv/gitlab"}):
        return convert(*compose_files(file), project_name=name.replace("_", "-"), shell_variables=True)


def _without(value: Any, rows: tuple[str, ...], location: tuple[int | str, ...] = ()) -> Any:
    if isinstance(value, dict):
        pairs = {key: ((*location, key), each) for key, each in value.items()}
        left = {key: pair for key, pair in pairs.items() if getattr(row_of(pair[0]), "path", "") not in rows}
        return {key: _without(each, rows, where) for key, (where, each) in left.items()}
    if isinstance(value, list):
        return [_without(each, rows, (*location, index)) for index, each in enumerate(value)]
    return value


def _rows(value: Any, location: tuple[int | str, ...]) -> Iterator[tuple[tuple[int | str, ...], Row]]:
    if location and (row := row_of(location)) is not None:
        yield location, row
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in entries:
        yield from _rows(each, (*location, key))


def at(resource: Any, path: str) -> Any:
    """The value at ``spec.ports[name=http].port``, ``containers[0]``, ``labels[a.b/c]``; None where there is none."""
    value = resource
    for name, step in re.findall(r"([^.\[\]]+)|\[([^\]]*)\]", path):
        if name:
            value = value.get(name) if isinstance(value, dict) else None
        elif isinstance(value, dict):
            value = value.get(step)
        elif step.isdigit() and isinstance(value, list):
            value = value[int(step)] if int(step) < len(value) else None
        else:
            key, _, wanted = step.partition("=")
            value = next((each for each in value or () if str(each.get(key)) == wanted), None)
    return value


def is_told(location: tuple[int | str, ...], row: Row, notices: tuple[Notice, ...]) -> bool:
    """Whether a notice stands at a place, above or below it, or at the field that the row names."""
    places = [_plain(".".join(map(str, location))), _field(location, row)]
    pattern = re.escape(row.field.lower()).replace(r"\*", "[^.]+").replace(r"\[\]", r"(\.[0-9]+)?")
    for notice in notices:
        path = _plain(notice.path.rpartition(": ")[2])
        for each in filter(None, places):
            if each == path or each.startswith(f"{path}.") or path.startswith(f"{each}."):
                return True
        if row.field and re.match(rf"{pattern}(\.|$)", path):
            return True
    return False


def _field(location: tuple[int | str, ...], row: Row) -> str:
    """The row's field with the names that stand in the location."""
    names = [step for step, part in zip(location, re.findall(r"\[\]|[^.\[\]]+", row.path), strict=False) if part == "*"]
    return _plain(re.sub(r"\*", lambda _: str(names.pop(0)) if names else "*", row.field)) if row.field else ""


def _plain(path: str) -> str:
    """A path with dots alone, and without indices: Docker Compose makes several ports of one range."""
    return re.sub(r"\.[0-9]+(?=\.|$)", ".#", re.sub(r"\[\"?([^\]\"]*)\"?\]", r".\1", path)).lower()


def leaves(value: Any, location: Location = ()) -> Iterator[Location]:
    """The places of all values that say something."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    if value and isinstance(value, dict | list):
        for key, each in entries:
            yield from leaves(each, (*location, key))
    elif value not in _NOTHING:
        yield location


def without(data: Any, location: Location) -> tuple[Any, Any]:
    """A copy that lacks one value, and that value."""
    copy = node = deepcopy(data)
    for step in location[:-1]:
        node = node[step]
    return copy, node.pop(location[-1])
