"""Reads an application's folder: its packages, and the services file of each for an environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

from ailtire_operator.compose.errors import ApplicationError, ComposeError
from ailtire_operator.compose.files import Folder
from ailtire_operator.compose.reporting import Report, described
from ailtire_operator.compose.services_js.javascript import EXPORTS, parse_module
from ailtire_operator.model.field_path import FieldPath, in_file, path_of
from ailtire_operator.model.report import Notice

DEPLOY_FILE: Final = "deploy/deploy.js"
PACKAGES: Final = "api"
_COMPOSE_SUFFIXES: Final = (".yml", ".yaml")
_CONTEXT_KEYS: Final = ("type", "tag", "design", "file", "env")
_NO_EFFECT: Final = "upstream's generator does not read it either."


@dataclass(frozen=True, slots=True)
class Design:
    """One services file, read."""

    file: str
    """Relative to the application's folder, for notices."""
    data: Mapping[str, Any]
    compose: Path | None = None
    """The path, if it is a Compose file; there is no data then."""
    root: Path | None = None


@dataclass(frozen=True, slots=True)
class Package:
    """A folder with a ``deploy/deploy.js``, which becomes a stack."""

    name: str
    """The name in its deploy.js: the image of its stack container, by which a parent's services.js refers to it."""
    file: str
    """Its deploy.js, or a services file without one."""
    design: Design | None
    """The services file for the chosen environment; None if there is none."""
    notices: tuple[Notice, ...] = ()
    """Notices about the choice of the design and other content of the files."""
    failure: ComposeError | None = None
    """Why it cannot be read; ignored as long as no stack refers to it."""


@dataclass(frozen=True, slots=True)
class Application:
    """The application's own stack, and its packages by lower-case name."""

    root: Package
    packages: Mapping[str, Package]
    environment: str | None
    """The chosen environment."""
    notices: tuple[Notice, ...] = ()


def read_application(path: Path, environment: str | None) -> Application:
    """The application in a folder, or of one services.js alone. Raises ComposeError."""
    if not path.is_dir():
        if not path.exists():
            raise ApplicationError(f"there is no file or folder {path}")
        return _single(Folder(path.parent), path, environment)
    folder = Folder(path)
    if folder.has(DEPLOY_FILE):
        return _Reader(folder, environment).application()
    if folder.has("deploy/services.js"):
        return _Reader(folder, environment).without_contexts()
    hint = "; it is a deploy folder; use its parent folder" if folder.has("deploy.js") else ""
    raise ApplicationError(f"{path} has no {DEPLOY_FILE}{hint}")


def _single(folder: Folder, path: Path, environment: str | None) -> Application:
    report = Report()
    design = _design(folder, path.name, report)
    if "contexts" in design.data and "services" not in design.data:
        raise ApplicationError(f"{path.name} describes contexts, not services; use the application's folder")
    package = Package(folder.name or path.stem, design.file, design, report.notices)
    return Application(package, {}, environment)


def _design(folder: Folder, file: str, report: Report) -> Design:
    if file.endswith(_COMPOSE_SUFFIXES):
        return Design(file, {}, folder.path(file), folder.path("."))
    data = _data(folder, file, report)
    return Design(file, data)


def _data(folder: Folder, file: str, report: Report) -> Mapping[str, Any]:
    """What a file exports, always a map. Raises ComposeError."""
    module = parse_module(folder.read(file), name=file)
    for duplicate in module.duplicates:
        report.approximate(
            in_file(file, duplicate.path),
            f"duplicate key; the last one is used (line {duplicate.line}), as in JavaScript.",
            "Remove or rename one.",
        )
    if not isinstance(module.data, dict):
        raise ApplicationError(f"{file}: module.exports is {described(module.data)}, not a map")
    return module.data


class _Reader:
    """Reads the packages of one folder for one environment."""

    def __init__(self, folder: Folder, environment: str | None) -> None:
        self._folder = folder
        self._environment = environment
        self._report = Report()

    def application(self) -> Application:
        contexts = self._root_contexts()
        if self._environment is None and contexts:
            self._environment = next(iter(contexts))
            self._report.approximate(
                FieldPath("contexts", files=(DEPLOY_FILE,)),
                f"no environment was chosen; '{self._environment}' is the first one.",
                "Choose one with --env.",
            )
        elif contexts and self._environment not in contexts:
            raise ApplicationError(f"{DEPLOY_FILE} has no context '{self._environment}'; it has {', '.join(contexts)}")
        root = self._package(".")
        if root.failure:
            raise root.failure
        packages = {root.name.lower(): root}
        for place in self._folder.below(PACKAGES, DEPLOY_FILE):
            package = self._package(place)
            other = packages.setdefault(package.name.lower(), package)
            if other is not package:
                self._report.approximate(
                    FieldPath("name", files=(package.file,)),
                    f"'{package.name}' is also the name of {other.file}, which is used.",
                    "Rename one.",
                )
        return Application(root, packages, self._environment, self._report.notices)

    def without_contexts(self) -> Application:
        """A folder that has a deploy/services.js and no deploy.js."""
        report = Report()
        design = _design(self._folder, "deploy/services.js", report)
        return Application(Package(self._folder.name, design.file, design, report.notices), {}, self._environment)

    def _root_contexts(self) -> Mapping[str, Any]:
        return _contexts(_data(self._folder, DEPLOY_FILE, Report()))

    def _package(self, place: str) -> Package:
        """The package in a folder; an error is kept, as the package may not be used."""
        report = Report()
        file = PurePosixPath(place, DEPLOY_FILE).as_posix()
        name = PurePosixPath(place).name or self._folder.name
        try:
            data = _data(self._folder, file, report)
            name = _name(data, name, file, report)
            design = self._chosen(_contexts(data), PurePosixPath(place, "deploy"), file, report)
        except ComposeError as error:
            return Package(name, file, None, report.notices, error)
        return Package(name, file, design, report.notices)

    def _chosen(self, contexts: Mapping[str, Any], deploy: PurePosixPath, file: str, report: Report) -> Design | None:
        """The services file of the environment, else that of the first context that has one, else services.js."""
        wanted = self._environment
        candidates = dict.fromkeys([wanted, *contexts]) if wanted in contexts else dict.fromkeys(contexts)
        reason = "" if wanted is None or wanted in contexts else f"there is no context '{wanted}'"
        for context in candidates:
            design = self._existing(contexts, context, deploy)
            if design is None:
                reason = reason or self._missing(contexts, context)
                continue
            if reason:
                report.approximate(
                    FieldPath("contexts", files=(file,)),
                    f"{reason}; {design} of context '{context}' is used instead.",
                    "Complete the deploy.js.",
                )
            self._other_keys(contexts, context, file, report)
            return _design(self._folder, design, report)
        fallback = (deploy / "services.js").as_posix()
        if self._folder.has(fallback):
            report.approximate(
                FieldPath("contexts", files=(file,)),
                f"{reason or 'there are no contexts'}; {fallback} is used instead.",
                "Complete the deploy.js.",
            )
            return _design(self._folder, fallback, report)
        report.rejected(
            FieldPath("contexts", files=(file,)),
            f"{reason or 'there are no contexts'}, and there is no {fallback}.",
            "Add the services file.",
        )
        return None

    def _existing(self, contexts: Mapping[str, Any], context: str | None, deploy: PurePosixPath) -> str | None:
        """The context's services file, if there is one. Raises ApplicationError if it is outside of the folder."""
        file = _services_file(contexts, context)
        if file is None:
            return None
        design = _normalised(deploy / file)
        return design if self._folder.has(design) else None

    def _missing(self, contexts: Mapping[str, Any], context: str | None) -> str:
        file = _services_file(contexts, context)
        if file is not None:
            return f"the file '{file}' of context '{context}' does not exist"
        return f"context '{context}' names no design"

    def _other_keys(self, contexts: Mapping[str, Any], context: str | None, file: str, report: Report) -> None:
        entry = contexts[context] if context else {}
        where = FieldPath("contexts", (context or "",), (file,))
        if entry.get("file") and _services_file(contexts, context) != entry["file"]:
            report.approximate(
                path_of(where, "file"),
                f"the Compose file '{entry['file']}' is not read; the design '{entry['design']}' is used.",
                "Keep one of the two: newer versions of upstream read the file.",
            )
        if entry.get("env"):
            report.ignored(path_of(where, "env"), _NO_EFFECT, "Put the variables into the services file.")
        report.unknown(entry, _CONTEXT_KEYS, where, _NO_EFFECT)


def _normalised(path: PurePosixPath) -> str:
    """The path without ``..``. Raises ApplicationError if it is outside of the folder."""
    parts: list[str] = []
    for part in path.parts:
        if part == ".." and parts:
            parts.pop()
        elif part == ".." or part == "/":
            raise ApplicationError(f"{path} leads out of the application's folder")
        else:
            parts.append(part)
    return "/".join(parts)


def _services_file(contexts: Mapping[str, Any], context: str | None) -> str | None:
    """The services file of a context: its design in JavaScript, else a Compose file as design or file."""
    entry = contexts.get(context or "")
    named = [entry.get(key) for key in ("design", "file")] if isinstance(entry, dict) else []
    files = [each for each in named if isinstance(each, str) and each.endswith((".js", *_COMPOSE_SUFFIXES))]
    return next((each for each in files if each.endswith(".js")), files[0] if files else None)


def _contexts(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The contexts; in a file without that key the whole export is the map, as upstream reads it."""
    found = data.get("contexts", {key: value for key, value in data.items() if isinstance(value, dict)})
    return found if isinstance(found, dict) else {}


def _name(data: Mapping[str, Any], default: str, file: str, report: Report) -> str:
    name = data.get("name", default)
    if isinstance(name, str) and name:
        if "contexts" in data:
            report.unknown(data, ("name", "contexts"), in_file(file, EXPORTS), _NO_EFFECT)
        return name
    report.rejected(
        FieldPath("name", files=(file,)), f"{described(name)} is not a name; the folder's name '{default}' is used."
    )
    return default
