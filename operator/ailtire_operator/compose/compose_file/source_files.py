"""Reads the original Compose files: checks the paths in them, and reports keys that the canonical form lost."""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ailtire_operator.compose.compose_file import dependency_limits, includes
from ailtire_operator.compose.compose_file.docker_compose import Choices
from ailtire_operator.compose.compose_file.entry import Location, place, report_at
from ailtire_operator.compose.errors import ApplicationError
from ailtire_operator.compose.files import located, own_folder, text_of
from ailtire_operator.compose.keys import row_of
from ailtire_operator.compose.reporting import Report
from ailtire_operator.compose.yaml_data import YamlError, documents

_COUNT_LIMIT: Final = 100
_TAGS: Final = frozenset({"!reset", "!override"})
_VARIABLE: Final = re.compile(r"\$\{(\w+)(?::?[-]([^{}]*))?\}|\$(\w+)")
_REMOTE: Final = re.compile(r"^(?:[a-z+]+://|git@|oci:|github\.com/)")
_SECTIONS: Final = ("services", "networks", "volumes", "configs", "secrets")
_NOTHING: Final[tuple[Any, ...]] = (None, {}, [], "")
_CLUSTER: Final = "x-cluster-spec"
_ZERO: Final = re.compile(r"0+(\.0+)?((ns|us|µs|ms|[smhbkgt]|[kmgt]i?b)(0(\.0+)?)?){0,6}|false|no|off|n", re.IGNORECASE)
_OVERRIDDEN: Final = 3
"""The depth at which another file may replace a value as a whole: ``services.web.deploy``."""
_UNCONFINED: Final = "this system has no Landlock (Linux 5.13) to confine Docker Compose to the project's folder"


@dataclass(frozen=True, slots=True)
class _Document:
    """One document of one file."""

    label: str
    """Prefix of its paths in the report; empty for the files given by the user."""
    data: Mapping[str, Any]


@dataclass(frozen=True)
class SourceFiles:
    """All files of a project whose paths are known."""

    documents: tuple[_Document, ...]

    def restore_extensions(self, canonical: dict[str, Any]) -> None:
        """Restore keys of volumes that Swarm reads and Docker Compose treats as extensions."""
        for document in self.documents:
            for key, volume in _map(document.data.get("volumes")).items():
                kept = _map(canonical.get("volumes")).get(key)
                if isinstance(kept, dict) and _map(volume).get(_CLUSTER):
                    kept[_CLUSTER] = volume[_CLUSTER]

    def swarm_secrets(self) -> str:
        """An override for Docker Compose, which refuses secrets of Swarm's plugins: it makes them external.

        Empty if there are none. The plugin is reported like every lost key.
        """
        names: dict[str, str] = {}
        for document in self.documents:
            for key, secret in _map(document.data.get("secrets")).items():
                secret = _map(secret)
                if secret.get("driver") and not secret.keys() & {"file", "environment", "external"}:
                    names[key] = str(secret.get("name") or key)
        lines = [f"  {json.dumps(key)}: !override {{external: true, name: {json.dumps(names[key])}}}" for key in names]
        return "\n".join(["secrets:", *lines]) if lines else ""

    def report_lost(self, canonical: Mapping[str, Any], report: Report) -> None:
        """Report every key of the files that the canonical form does not have."""
        for document in self.documents:
            reports = Report()
            others = [each.data for each in self.documents if each is not document]
            for key, value in document.data.items():
                if key in _SECTIONS:
                    _section_lost(key, _map(value), _map(canonical.get(key)), others, reports)
                elif key != "name" and value not in _NOTHING:
                    _report((key,), value, others, reports)
            report.extend_at(document.label, reports.notices)


def _section_lost(
    section: str,
    written: Mapping[str, Any],
    kept: Mapping[str, Any],
    others: Sequence[Mapping[str, Any]],
    report: Report,
) -> None:
    for name, value in written.items():
        if name.startswith("x-") and section == "services":
            _report((section, name), value, others, report)
        elif name not in kept and section == "services":
            profiles = ", ".join(map(str, _map(value).get("profiles") or ())) or "none"
            message = f"it is not in the chosen profiles (its profiles: {profiles}; see --profile)."
            report.resolved(place((section, name)), message)
        elif name not in kept:
            if section != "networks" or name != "default":
                report.ignored(place((section, name)), "no service of the project uses it.")
        else:
            for location, lost in _lost((section, name), _map(value), _map(kept[name])):
                _report(location, lost, others, report)


def _lost(location: Location, written: Mapping[str, Any], kept: Mapping[str, Any]) -> Iterator[tuple[Location, Any]]:
    """The lost keys and their values, also inside of container maps."""
    for key, value in written.items():
        where = (*location, key)
        row = row_of(where)
        if value in _NOTHING or value is False:
            continue
        if key not in kept:
            yield where, value
        elif row is not None and row.kind == "container" and isinstance(value, dict) and isinstance(kept[key], dict):
            yield from _lost(where, value, kept[key])


def _report(location: Location, value: Any, others: Sequence[Mapping[str, Any]], report: Report) -> None:
    """Report why a key is not in the resolved file; ``others``: the project's other files."""
    row = row_of(location)
    if row is None or row.kind not in ("exact", "container"):
        report_at(location, report, row)
    elif _is_zero(value):
        report.resolved(place(location), f"{value} is the default, so Docker Compose left it out.")
    elif any(_takes_away(other, location) for other in others):
        report.resolved(place(location), "another file of the project removes it (!reset or !override).")
    else:
        message = "Docker Compose left it out of the resolved file, so it has no effect."
        remedy = "Compare the output of docker compose config."
        (report.ignored if row.protects == "no" else report.rejected)(place(location), message, remedy)


def _is_zero(value: Any) -> bool:
    """Whether a value is Docker's default: zero, empty or false."""
    return not isinstance(value, bool) and _ZERO.fullmatch(str(value).strip()) is not None


def _takes_away(other: Mapping[str, Any], location: Location) -> bool:
    """Whether another file has a value at that location; otherwise merging loses nothing."""
    found: Any = other
    for step in location[: min(len(location) - 1, _OVERRIDDEN)]:
        if not isinstance(found, Mapping) or step not in found:
            return False
        found = found[step]
    return True


def read(files: Sequence[Path], root: Path, choices: Choices, *, confined: bool) -> SourceFiles:
    """Read the files, and those that they refer to. Raises ApplicationError for files that must not be read.

    ``confined``: the system confines Docker Compose to ``root``. Otherwise paths that cannot be checked here are
    refused: those with variables, and those on other machines.
    """
    return _Reader(root.resolve(), choices, confined).read(files)


class _Reader:
    def __init__(self, root: Path, choices: Choices, confined: bool) -> None:
        self._root = root
        self._choices = choices
        self._confined = confined
        self._seen: dict[Path, None] = {}
        self._documents: list[_Document] = []

    def read(self, files: Sequence[Path]) -> SourceFiles:
        project = files[0].parent
        if self._choices.remote and not self._confined:
            raise ApplicationError(f"--remote-includes needs Landlock: {_UNCONFINED}")
        for file in files:
            self._file(located(own_folder(file), file, str(file)), "", project, own_folder(file))
        dependency_limits.check(_map(document.data.get("services")) for document in self._documents)
        return SourceFiles(tuple(self._documents))

    def _file(self, file: Path, label: str, folder: Path, root: Path) -> None:
        """Read a Compose file below ``root``; its paths are relative to ``folder``."""
        if file in self._seen:
            return
        self._seen[file] = None
        if len(self._seen) > _COUNT_LIMIT:
            raise ApplicationError(f"the project has more than {_COUNT_LIMIT} files")
        for data in _documents(root, file, label or file.name):
            self._documents.append(_Document(label, data))
            self._follow(data, folder)

    def _follow(self, data: Mapping[str, Any], folder: Path) -> None:
        """Check every path in the document, and read the Compose files among them."""
        for each in includes.included(data.get("include")):
            self._include(each, folder)
        for service in _map(data.get("services")).values():
            extended = _map(service).get("extends")
            if isinstance(extended, dict) and isinstance(extended.get("file"), str):
                self._other(extended["file"], folder, None)
            for key in ("env_file", "label_file"):
                for path in includes.paths(_map(service).get(key)):
                    self._inside(path, folder)
        for kind in ("configs", "secrets"):
            for each in _map(data.get(kind)).values():
                file = _map(each).get("file")
                if isinstance(file, str) and "$" not in file:  # the resolved path is checked before it is read
                    self._inside(file, folder)

    def _include(self, entry: includes.Include, folder: Path) -> None:
        """An included project: its files, its folder and its variables."""
        project = self._inside(entry.project, folder) if entry.project else None
        for path in entry.variables:
            self._inside(path, folder)
        for path in entry.paths:
            found = self._other(path, folder, project)
            if found and not entry.variables:
                self._inside(".env", project or found.parent)

    def _other(self, written: str, folder: Path, project: Path | None) -> Path | None:
        """Read another Compose file, whose paths are relative to its project's folder, or else its own."""
        if _REMOTE.match(written):
            if not self._choices.remote:
                message = f"it includes '{written}' from another machine, which is read only with --remote-includes"
                raise ApplicationError(message)
            return None
        path = self._inside(written, folder)
        if path is None or not os.path.isfile(path):  # noqa: PTH113  # unlike Path's, it takes any name
            return None
        self._file(path, os.path.relpath(path, self._root), project or path.parent, self._root)
        return path

    def _inside(self, written: str, folder: Path) -> Path | None:
        """The path; one outside of the folder is refused, as a hostile file could refer to any file of this machine.

        None for a path with variables, which only Docker Compose can resolve, confined by the system.
        """
        if "$" not in written:
            return located(self._root, folder / written, written)
        if not self._confined:
            raise ApplicationError(f"'{written}' has variables, so it cannot be checked; {_UNCONFINED}")
        try:
            return located(self._root, folder / _filled_in(written, self._choices.variables), written)
        except ApplicationError:
            return None


def _documents(root: Path, file: Path, name: str) -> list[Mapping[str, Any]]:
    try:
        found = [data for _, data in documents(text_of(root, file, name), _TAGS, literal_keys=True)]
    except YamlError as error:
        line = f":{error.line}" if error.line else ""
        raise ApplicationError(f"{name}{line}: {error}") from None
    if not all(isinstance(data, dict) for data in found):
        raise ApplicationError(f"{name} is not a Compose file: it is not a map")
    return found


def _filled_in(text: str, variables: Mapping[str, str]) -> str:
    """The path with known variables resolved; Docker Compose's own result is used in the end."""
    return _VARIABLE.sub(lambda match: variables.get(match[1] or match[3] or "") or match[2] or "", text)


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
