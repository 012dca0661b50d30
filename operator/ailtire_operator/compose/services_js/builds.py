"""Reads build.js: the images that an Ailtire application builds. The file is data here, as all of its files are."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Final

from ailtire_operator.compose import builds, images
from ailtire_operator.compose.builds import Broken, Builds, Target
from ailtire_operator.compose.errors import ApplicationError, ComposeError
from ailtire_operator.compose.files import Folder
from ailtire_operator.compose.reporting import Report, described
from ailtire_operator.compose.services_js.application import Application
from ailtire_operator.compose.services_js.javascript import parse_module
from ailtire_operator.model.field_path import SPEC, FieldPath, path_of

BUILD_FILE: Final = "build.js"
DEFAULT: Final = "default"
"""The context that upstream takes where build.js has none of the environment."""
_KEYS: Final = ("name", "dir", "cmd", "file", "tag", "env", "packages")


def read(application: Application, root: Path, report: Report) -> Builds:
    """The images that the build.js of the application and of its packages make, for the application's environment.

    ``root`` is the application's folder. An entry that cannot be built is reported as rejected, too. Raises
    ComposeError for a build.js that is no data.
    """
    folder = Folder(root)
    found: dict[str, Target] = {}
    broken: list[Broken] = []
    for deploy in dict.fromkeys(_deploy_folders(application)):
        file = (deploy / BUILD_FILE).as_posix()
        if not folder.has(file):
            continue
        for target in _of_file(folder, root, file, application.environment, report):
            if isinstance(target, Broken):
                broken.append(target)
                continue
            other = found.setdefault(builds.tagged(target.image, "latest"), target)
            if other is not target:
                report.approximate(
                    target.where, f"'{target.image}' is also made by {other.where}, which is used.", "Rename one."
                )
    if len(found) > builds.TARGETS_LIMIT:
        raise ApplicationError(f"the application builds more than {builds.TARGETS_LIMIT} images")
    return Builds(builds.with_bases(root, list(found.values())), tuple(broken))


def used(spec: Mapping[str, Any], made: Sequence[str], path: FieldPath = SPEC) -> Iterator[tuple[FieldPath, str]]:
    """The images of a tree's services that are made here, as they are written, and their places."""
    for key, service in (spec.get("services") or {}).items():
        where = path_of(path, "services", key)
        if "stack" in service:
            yield from used(service["stack"], made, path_of(where, "stack"))
        elif any(builds.same_image(service.get("image", ""), image) for image in made):
            yield path_of(where, "image"), service["image"]


def _deploy_folders(application: Application) -> Iterator[PurePosixPath]:
    for package in (application.root, *application.packages.values()):
        yield PurePosixPath(package.file).parent


def _of_file(
    folder: Folder, root: Path, file: str, environment: str | None, report: Report
) -> Iterator[Target | Broken]:
    data = parse_module(folder.read(file), name=file).data
    if not isinstance(data, dict):
        raise ApplicationError(f"{file}: module.exports is {described(data)}, not a map of images")
    for key, written in data.items():
        where = FieldPath(key, files=(file,))
        entry, place = _of_environment(report.mapping(written, where), where, environment, report)
        if entry is None:
            yield from (
                Broken(image, place, "there is no context for the environment") for image in _images(written, key)
            )
            continue
        try:
            yield _target(root, PurePosixPath(file).parent, key, entry, place, report)
        except ComposeError as error:
            report.rejected(place, f"{error}; the image cannot be built.", "Correct it, or remove the entry.")
            yield Broken(_named(entry, key), place, str(error))


def _of_environment(
    entry: Mapping[str, Any], where: FieldPath, environment: str | None, report: Report
) -> tuple[Mapping[str, Any] | None, FieldPath]:
    """What is built for an environment, and where it stands; an entry without contexts is for all of them."""
    if "contexts" not in entry:
        return entry, where
    contexts = report.mapping(entry["contexts"], path_of(where, "contexts"))
    chosen = environment if environment in contexts else DEFAULT
    if chosen not in contexts:
        message = f"there is no context '{environment}' and none is '{DEFAULT}'; the image cannot be built."
        report.rejected(path_of(where, "contexts"), message, "Add one of the two.")
        return None, where
    place = path_of(where, "contexts", chosen)
    return report.mapping(contexts[chosen], place), place


def _target(
    root: Path, deploy: PurePosixPath, key: str, entry: Mapping[str, Any], where: FieldPath, report: Report
) -> Target:
    """One entry. Raises ComposeError."""
    report.unknown(entry, _KEYS, where)
    _report_without_effect(entry, where, report)
    directory = builds.folder(root, (deploy / _text(entry, "dir", ".")).as_posix())
    written = _text(entry, "file", "Dockerfile")
    # Upstream takes the file below dir; its versions before 0.20 took it below the folder of build.js.
    file = builds.file(root, (f"{directory}/{written}", (deploy / written).as_posix()))
    return Target(key, _image(entry, key, where, report), where, directory, file)


def _image(entry: Mapping[str, Any], key: str, where: FieldPath, report: Report) -> str:
    written = _text(entry, "tag", key)
    image = images.repaired(written)
    if image is None or not builds.is_image(image):
        raise ApplicationError(f"'{written[:64]}' is no name of an image")
    if image != written:
        report.resolved(path_of(where, "tag"), f"'{written}' is not valid for registries; it became '{image}'.")
    return image


def _images(written: Any, key: str) -> Iterator[str]:
    """The names that an entry has in its contexts, each once."""
    contexts = written.get("contexts") if isinstance(written, dict) else None
    found = contexts.values() if isinstance(contexts, dict) else ()
    yield from dict.fromkeys(_named(each, key) for each in found if isinstance(each, dict))


def _named(entry: Mapping[str, Any], key: str) -> str:
    """The name of an image that cannot be built; empty where that is what is wrong with it."""
    try:
        return _image(entry, key, FieldPath(""), Report())
    except ComposeError:
        return ""


def _text(entry: Mapping[str, Any], key: str, default: str) -> str:
    value = entry.get(key)
    if value in (None, ""):
        return default
    if not isinstance(value, str) or "\0" in value:
        raise ApplicationError(f"{key} is {described(value)}, not a text")
    return value


def _report_without_effect(entry: Mapping[str, Any], where: FieldPath, report: Report) -> None:
    if entry.get("env"):
        message = "upstream sets these variables for the docker command, which gives none of them to the build."
        report.ignored(path_of(where, "env"), message, "Use ENV or ARG with a default in the Dockerfile.")
    if entry.get("packages"):
        message = "upstream copies these packages into the folder that is built; here dir is built as it lies."
        report.approximate(path_of(where, "packages"), message, "Choose a dir that holds them, such as the api folder.")
