"""Where in the files of an import the things stand of which its report speaks."""

from collections.abc import Iterator, Sequence
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import yaml

from ailtire_operator.cli.positions import Place, Positions
from ailtire_operator.compose.yaml_data import documents
from ailtire_operator.model.field_path import SPEC, FieldPath

if TYPE_CHECKING:
    from ailtire_operator.compose.services_js.positions import JavaScriptPositions

_YAML: Final = (".yaml", ".yml")
_JAVASCRIPT: Final = ".js"
_TAGS: Final = frozenset({"!reset", "!override"})
"""Those of Docker Compose, which a merge obeys."""
_HEADS: Final = ("deploy/deploy.js", "deploy.js")
FilePlace = tuple[str, int, int]
"""File, line and column; 0 where the file as a whole is meant."""
Steps = tuple[int | str, ...]


def below_spec(path: FieldPath) -> Steps:
    """The steps of a path in a file of an application or of Compose, which both have no ``spec``."""
    steps = path.in_document
    return steps[1:] if steps[:1] == (SPEC.root,) else steps


class ImportPlaces:
    """The files that were given: Compose files, or an application's folder."""

    def __init__(self, given: Path, files: Sequence[Path]) -> None:
        self._given = files[0] if files else given
        self._folder = self._given if self._given.is_dir() else self._given.parent
        self._read: dict[Path, Positions | JavaScriptPositions | None] = {}
        self._files = self._with_includes(files)

    def of(self, path: FieldPath) -> FilePlace:
        """Of a place of the report."""
        steps = below_spec(path)
        if path.files and (file := self._inside(path.files[0])) is not None:
            return str(file), *self._deepest(file, steps)[1]
        if not self._files and self._given.suffix == _JAVASCRIPT:
            return str(self._given), *self._deepest(self._given, steps)[1]
        return self._in_given(steps) if self._files else (self._head(), 0, 0)

    def _head(self) -> str:
        """What stands for an application where no file is named: its deploy.js."""
        heads = (self._given / each for each in _HEADS)
        return str(next((each for each in heads if each.is_file()), self._given))

    def _with_includes(self, files: Sequence[Path]) -> list[Path]:
        """The files and what they include, which comes before what includes it, as that says the last word."""
        found = list(files)
        waiting = list(files)
        while waiting:
            for name in _includes(waiting.pop()):
                file = self._inside(name)
                if file is not None and file not in found:
                    found.insert(0, file)
                    waiting.append(file)
        return found

    def _inside(self, label: str) -> Path | None:
        """A file of the project that a place names; nothing outside of the project's folder is looked at."""
        file = self._folder / label
        try:
            return file if file.is_file() and file.resolve().is_relative_to(self._folder.resolve()) else None
        except (OSError, ValueError):
            return None

    def _in_given(self, steps: Steps) -> FilePlace:
        """In the file that holds most of the path; in the last one of several, as it overrides the others."""
        holding = tuple(takewhile(lambda step: isinstance(step, str), steps))
        depth = max(self._deepest(each, holding)[0] for each in self._files)
        if sum(self._deepest(each, holding)[0] == depth for each in self._files) > 1:
            steps = holding  # a list that several files add to: the number of an item is that of none of them
        _, number = max((self._deepest(each, steps)[0], number) for number, each in enumerate(self._files))
        file = self._files[number]
        return str(file), *self._deepest(file, steps)[1]

    def _deepest(self, file: Path, steps: Steps) -> tuple[int, Place]:
        if file not in self._read:
            self._read[file] = _positions(file)
        found = self._read[file]
        if found is None:
            return 0, (0, 0)
        return found.deepest(steps)


def _positions(file: Path) -> "Positions | JavaScriptPositions | None":
    """The places in a file; None where it is no YAML, and no JavaScript, that may be read."""
    if file.suffix == _JAVASCRIPT:
        return _in_javascript(file)
    text = _text(file) if file.suffix in _YAML else None
    return Positions(text) if text is not None else None


def _in_javascript(file: Path) -> "JavaScriptPositions | None":
    from ailtire_operator.compose.errors import JavaScriptError
    from ailtire_operator.compose.services_js.positions import JavaScriptPositions

    try:
        return JavaScriptPositions(file.read_text(encoding="utf-8-sig"), name=file.name)
    except (OSError, ValueError, JavaScriptError):
        return None


def _includes(file: Path) -> Iterator[str]:
    """The paths of a Compose file's ``include``, as they are written."""
    text = _text(file) if file.suffix in _YAML else None
    for _, data in documents(text, _TAGS, literal_keys=True) if text is not None else ():
        entries = data.get("include") if isinstance(data, dict) else None
        for entry in entries if isinstance(entries, list) else ():
            paths = entry.get("path") if isinstance(entry, dict) else entry
            yield from (str(each) for each in (paths if isinstance(paths, list) else [paths]))


def _text(file: Path) -> str | None:
    """A file's text; None where it is no YAML that may be read."""
    try:
        text = file.read_text(encoding="utf-8-sig")
        list(documents(text, _TAGS, literal_keys=True))
    except (OSError, ValueError, yaml.YAMLError):
        return None
    return text
