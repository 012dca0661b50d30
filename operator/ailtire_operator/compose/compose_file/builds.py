"""Reads the build sections of Compose files. What would reach out of the project's folder is left out and reported."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from ailtire_operator.compose import builds
from ailtire_operator.compose.builds import Broken, Builds, Target, text
from ailtire_operator.compose.compose_file import docker_compose, source_files
from ailtire_operator.compose.compose_file.entry import Entry
from ailtire_operator.compose.compose_file.project import ComposeOptions
from ailtire_operator.compose.compose_file.shared import ImageNames
from ailtire_operator.compose.errors import ApplicationError, ComposeError
from ailtire_operator.compose.files import located, own_folder
from ailtire_operator.compose.reporting import Report, described

_ARGUMENT: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,127}")
_LABEL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,254}")
_STAGE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")
_PLATFORM: Final = re.compile(r"[a-z0-9]{1,32}/[a-z0-9_]{1,32}(/[a-z0-9]{1,32})?")
_HOST: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,252}")
_ADDRESS: Final = re.compile(r"[0-9A-Fa-f.:]{2,45}|host-gateway")
_CONTEXT: Final = re.compile(r"[a-z0-9][a-z0-9._/-]{0,127}")
_REMOTE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|git@|github\.com/")
_LEFT_OUT: Final[Mapping[str, str]] = {
    "cache_from": "it makes the build faster, and no other",
    "cache_to": "it makes the build faster, and no other",
    "entitlements": "a build gets no rights on the machine that builds",
    "isolation": "it is for Windows",
    "network": "a build has the builder's default network",
    "privileged": "a build gets no rights on the machine that builds",
    "provenance": "the option --provenance decides it",
    "sbom": "the option --sbom decides it",
    "secrets": "a build gets none of your secrets",
    "shm_size": "the builder's default is used",
    "ssh": "a build gets no access to your SSH agent",
    "tags": "the image gets one name",
    "ulimits": "the builder's default is used",
}


def read(files: Sequence[Path], options: ComposeOptions, report: Report) -> Builds:
    """The images that Compose files build. Raises ComposeError."""
    root = options.root or own_folder(files[0])
    as_written = source_files.read(files, root, options.choices, confined=docker_compose.is_confined())
    data = docker_compose.load(files, options.choices, root, as_written.swarm_secrets()).data
    return read_canonical(data, root, options, report)


def read_canonical(data: Mapping[str, Any], root: Path, options: ComposeOptions, report: Report) -> Builds:
    """The same of a project in canonical form, whose paths are absolute."""
    names = ImageNames(str(data.get("name")), options.registry, options.tag)
    found: dict[str, Target] = {}
    broken: list[Broken] = []
    services = data.get("services") or {}
    for key, service in services.items():
        if not service.get("build"):
            continue
        entry = Entry(service["build"], ("services", key, "build"), report)
        image = str(service.get("image") or names.of(key))
        try:
            target = _Reader(root, entry).target(key, image)
        except ComposeError as error:
            report.rejected(entry.path, f"{error}; the image cannot be built.", "Correct it.")
            broken.append(Broken(image if builds.is_image(image) else "", entry.path, str(error)))
            continue
        found.setdefault(builds.tagged(target.image, "latest"), target)
    if len(found) > builds.TARGETS_LIMIT:
        raise ApplicationError(f"the project builds more than {builds.TARGETS_LIMIT} images")
    return Builds(builds.with_bases(root, list(found.values())), tuple(broken))


class _Reader:
    """Reads one build section."""

    def __init__(self, root: Path, entry: Entry) -> None:
        self._root = root
        self._entry = entry

    def target(self, key: str, image: str) -> Target:
        """Raises ComposeError for what must not, or cannot, be built."""
        if not builds.is_image(image):
            raise ApplicationError(f"{described(image)} is no name under which an image can be made")
        context = self._folder(self._text("context") or ".")
        inline = self._text("dockerfile_inline")
        written = self._text("dockerfile") or "Dockerfile"
        dockerfile = "" if inline else builds.file(self._root, [self._relative(written, context)])
        for name, why in _LEFT_OUT.items():
            if self._entry.data.get(name):
                self._entry.report.ignored(self._entry.where(name), f"build leaves it out: {why}.")
        return Target(
            key=key,
            image=image,
            where=self._entry.path,
            context=context,
            dockerfile=dockerfile,
            inline=inline,
            args=self._map("args", _ARGUMENT),
            labels=self._map("labels", _LABEL),
            stage=self._matching("target", _STAGE),
            platforms=tuple(self._list("platforms", _PLATFORM)),
            contexts=dict(self._contexts()),
            hosts=dict(self._hosts()),
            no_cache=self._entry.data.get("no_cache") is True,
            pull=self._entry.data.get("pull") is True,
        )

    def _text(self, key: str) -> str:
        value = self._entry.data.get(key)
        if value is not None and not isinstance(value, str):
            raise ApplicationError(f"{key} is {described(value)}, not a text")
        return value or ""

    def _folder(self, written: str) -> str:
        """Docker Compose has made a path absolute. Raises ApplicationError for what is no path."""
        if _REMOTE.match(written):
            raise ApplicationError(f"{described(written)} is no folder, and build takes folders of the project alone")
        return builds.folder(self._root, self._relative(written, "."))

    def _relative(self, written: str, folder: str) -> str:
        """The path from the project's folder on. Raises ApplicationError for one that leads out of it."""
        found = located(self._root, self._root / folder / written, written)
        return found.relative_to(self._root.resolve()).as_posix()

    def _matching(self, key: str, pattern: re.Pattern[str]) -> str:
        value = self._text(key)
        if value and not pattern.fullmatch(value):
            raise ApplicationError(f"{key} is {described(value)}, which is not possible there")
        return value

    def _map(self, key: str, pattern: re.Pattern[str]) -> dict[str, str]:
        """Names and texts; a name without a value is your shell's variable, which no build gets."""
        found: dict[str, str] = {}
        for name, value in self._items(key):
            written = text(value)
            if not pattern.fullmatch(name):
                raise ApplicationError(f"{key} has {described(name)}, which is not a name there")
            if written is None:
                self._entry.report.ignored(self._entry.where(key, name), "it has no value, so the build gets none.")
            else:
                found[name] = written
        return found

    def _items(self, key: str) -> Iterator[tuple[str, Any]]:
        """A map of the canonical form, or a list of ``NAME=VALUE``."""
        value = self._entry.data.get(key)
        if isinstance(value, dict):
            yield from value.items()
        for each in value if isinstance(value, list) else ():
            name, separator, rest = str(each).partition("=")
            yield name, rest if separator else None

    def _list(self, key: str, pattern: re.Pattern[str]) -> Iterator[str]:
        value = self._entry.data.get(key)
        for each in value if isinstance(value, list) else ():
            if not isinstance(each, str) or not pattern.fullmatch(each):
                raise ApplicationError(f"{key} has {described(each)}, which is not possible there")
            yield each

    def _contexts(self) -> Iterator[tuple[str, str]]:
        for name, value in self._items("additional_contexts"):
            if not _CONTEXT.fullmatch(name):
                raise ApplicationError(f"additional_contexts has {described(name)}, which is not a name there")
            yield name, self._folder(str(value))

    def _hosts(self) -> Iterator[tuple[str, str]]:

        for name, value in self._items("extra_hosts"):
            addresses = value if isinstance(value, list) else [value]
            if not _HOST.fullmatch(name) or not all(
                isinstance(each, str) and _ADDRESS.fullmatch(each) for each in addresses
            ):
                raise ApplicationError(f"extra_hosts has {described(name)}, which is not a host with an address")
            if addresses:
                yield name, addresses[0]
