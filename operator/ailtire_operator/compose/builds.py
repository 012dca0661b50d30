"""Images that an application's files build: what a builder needs to know of each, read and confined."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any, Final

from ailtire_operator.compose.errors import ApplicationError
from ailtire_operator.compose.files import located, text_of
from ailtire_operator.model.field_path import FieldPath
from ailtire_operator.model.images import parse

TARGETS_LIMIT: Final = 500
"""Images of one application."""
_IMAGE: Final = re.compile(
    r"(?:(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)(?::[0-9]{1,5})?/)?"
    r"[a-z0-9]+(?:(?:[._]|__|-{1,8})[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-{1,8})[a-z0-9]+)*)*"
    r"(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?"
)
"""An image that may be made: a name and a tag, and no digest, which only a finished image has."""
_LONGEST: Final = 400
_FROM: Final = re.compile(r"^[ \t]*FROM[ \t]+(?:--platform=\S+[ \t]+)?(\S+)", re.IGNORECASE | re.MULTILINE)
_DOCKERFILE_LIMIT: Final = 200


@dataclass(frozen=True, slots=True)
class Target:
    """One image that is built. Paths are relative to the application's folder, with slashes, and lie in it."""

    key: str
    """What the file calls it."""
    image: str
    """The image's name, as services refer to it."""
    where: FieldPath
    """Where it is written."""
    context: str
    """The folder whose files the build may use."""
    dockerfile: str = ""
    """The Dockerfile; empty where its text is ``inline``."""
    inline: str = ""
    args: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    stage: str = ""
    """The stage of the Dockerfile that is the image; empty for the last one."""
    platforms: tuple[str, ...] = ()
    contexts: Mapping[str, str] = field(default_factory=dict)
    """More folders by the name that the Dockerfile has for each."""
    hosts: Mapping[str, str] = field(default_factory=dict)
    """Addresses by host name, for the commands of the Dockerfile."""
    no_cache: bool = False
    pull: bool = False
    bases: tuple[tuple[str, str], ...] = ()
    """What the Dockerfile builds upon and is itself built here: its FROM, and the image of the other target."""


@dataclass(frozen=True, slots=True)
class Broken:
    """One that cannot be built."""

    image: str
    """Its name, if it has a valid one; else empty."""
    where: FieldPath
    why: str


@dataclass(frozen=True, slots=True)
class Builds:
    """What an application's files build."""

    targets: tuple[Target, ...] = ()
    broken: tuple[Broken, ...] = ()

    def and_more(self, other: "Builds") -> "Builds":
        """Together with others, whose images count where they are not among these."""
        more = [each for each in other.targets if not any(same_image(each.image, own.image) for own in self.targets)]
        return Builds((*self.targets, *more), (*self.broken, *other.broken))


def is_image(reference: str) -> bool:
    """Whether an image may be made under this name."""
    return len(reference) <= _LONGEST and _IMAGE.fullmatch(reference) is not None


def tagged(reference: str, tag: str | None) -> str:
    """The reference with a tag where it has none."""
    image = parse(reference)
    return f"{image.name}:{tag}" if tag and not image.suffix else reference


def same_image(one: str, other: str) -> bool:
    """Whether two references mean one image: no tag is ``latest``."""
    return tagged(one, "latest") == tagged(other, "latest")


def folder(root: Path, relative: str) -> str:
    """A folder below ``root``, normalised. Raises ApplicationError for one that is not there, or lies outside."""
    if not located(root, root / relative, relative).is_dir():
        raise ApplicationError(f"there is no folder {_inside(relative)}")
    return _inside(relative)


def file(root: Path, candidates: Iterable[str]) -> str:
    """The first of these paths below ``root`` at which a file is. Raises ApplicationError if none of them is one."""
    tried: dict[str, None] = {}
    outside: ApplicationError | None = None
    for each in candidates:
        try:
            if located(root, root / each, each).is_file():
                return _inside(each)
            tried[_inside(each)] = None
        except ApplicationError as error:
            outside = outside or error
    raise outside or ApplicationError(f"there is no file {' or '.join(tried)}")


def _inside(path: str) -> str:
    """The path without ``.`` and ``..``. Raises ApplicationError where it leads out by its text alone."""
    parts: list[str] = []
    for part in PurePosixPath(path).parts:
        if part == ".." and not parts:
            raise ApplicationError(f"{path} leads out of the application's folder")
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts) or "."


def with_bases(root: Path, targets: Sequence[Target]) -> tuple[Target, ...]:
    """The targets, each with those of them that its Dockerfile names after FROM."""
    made = {tagged(each.image, "latest"): each.image for each in targets}
    return tuple(replace(each, bases=_bases(_dockerfile(root, each), each.image, made)) for each in targets)


def _dockerfile(root: Path, target: Target) -> str:
    if target.inline:
        return target.inline
    try:
        return text_of(root, root / target.dockerfile, target.dockerfile)
    except ApplicationError:
        return ""  # whatever builds it says why it cannot be read


def _bases(dockerfile: str, own: str, made: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    named = [match[1] for match in _FROM.finditer(dockerfile)][:_DOCKERFILE_LIMIT]
    found = {each: made.get(tagged(each, "latest")) for each in named}
    return tuple((name, image) for name, image in found.items() if image and not same_image(image, own))


def in_order(targets: Sequence[Target]) -> list[Target]:
    """The targets, each behind those that it builds upon. Raises ApplicationError for a circle of them."""
    waiting = {each.image: each for each in targets}
    done: dict[str, Target] = {}
    while waiting:
        ready = [each for each in waiting.values() if not any(base in waiting for _, base in each.bases)]
        if not ready:
            raise ApplicationError(f"these images are built upon each other: {', '.join(waiting)}")
        for each in ready:
            done[each.image] = waiting.pop(each.image)
    return list(done.values())


def text(value: Any) -> str | None:
    """A value of a build as text; None for what is none."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else None
