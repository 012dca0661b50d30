"""From the FILE arguments of a command to documents: files, folders, standard input."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ailtire_operator.cli.failures import Failure

if TYPE_CHECKING:
    from ailtire_operator.cli.issues import Issue
    from ailtire_operator.cli.positions import Positions

SIZE_LIMIT: Final = 32 * 1024 * 1024
"""Bytes of all inputs together: twenty times what etcd takes for one object."""
STANDARD_INPUT: Final = "-"
_SUFFIXES: Final = (".yaml", ".yml", ".json")
_KUSTOMIZATIONS: Final = ("kustomization.yaml", "kustomization.yml", "Kustomization")


@dataclass(frozen=True, slots=True)
class Document:
    """One document of one input."""

    source: str
    """The file as the user named it; ``standard input``."""
    line: int
    data: Any
    text: str = ""
    """Of the whole input, to find places in it; empty where nobody asks for any."""

    def __str__(self) -> str:
        return f"{self.source}:{self.line}"

    def place(self, steps: tuple[int | str, ...], *, key: bool = False) -> tuple[int, int]:
        """Line and column of a value, or of its key."""
        return positions(self.text).find(self.line, steps, key=key) if self.text else (self.line, 1)


@lru_cache(maxsize=8)
def positions(text: str) -> "Positions":
    """The places in a text: it is read once for all its problems."""
    from ailtire_operator.cli.positions import Positions

    return Positions(text)


def read(
    arguments: Sequence[str], *, recursive: bool = False, holding: str = "", unreadable: "list[Issue] | None" = None
) -> list[Document]:
    """All documents of all inputs, in their order. Raises Failure where one cannot be read, Invalid where not YAML;
    into ``unreadable`` goes what is not YAML where somebody wants the rest all the same.

    What does not hold the word ``holding`` anywhere is passed over, whether it is YAML or not.
    """
    from ailtire_operator.cli.issues import InvalidInput, Issue

    found: list[Document] = []
    problems: list[Issue] = []
    for source, text in _texts(arguments, recursive):
        # Between double quotes YAML may spell each letter by an escape.
        if holding not in text and "\\" not in text:
            continue
        try:
            found += parsed(source, text)
        except InvalidInput as error:
            problems += error.issues if holding in text else ()
    if unreadable is not None:
        unreadable += problems
    elif problems:
        raise InvalidInput(problems)
    return found


def parsed(source: str, text: str) -> list[Document]:
    """The documents of one input. Raises InvalidInput where it is not YAML."""
    from ailtire_operator.cli.issues import InvalidInput, Issue
    from ailtire_operator.compose.yaml_data import YamlError, documents

    try:
        return [Document(source, line, data, text) for line, data in documents(text)]
    except YamlError as error:
        raise InvalidInput([Issue(source, error.line or 1, 1, "", "", str(error))]) from None


def given(
    files: Sequence[str] | None,
    filenames: Sequence[str] | None,
    kustomize: str | None,
    *,
    recursive: bool,
    holding: str = "",
    unreadable: "list[Issue] | None" = None,
) -> list[Document]:
    """All documents of FILE..., -f and -k. Raises Failure where none of these is there; the others: see ``read``."""
    named = [*(files or ()), *(filenames or ())]
    if not named and kustomize is None:
        raise Failure("no input", "Give files, folders or -, with or without -f, or a kustomize folder with -k.")
    found = read(named, recursive=recursive, holding=holding, unreadable=unreadable)
    return [*found, *parsed(f"{kustomize} (kustomize)", _built(kustomize))] if kustomize is not None else found


def _built(folder: str) -> str:
    """What kubectl's own kustomize makes of a folder."""
    import subprocess

    try:
        done = subprocess.run(["kubectl", "kustomize", "--", folder], capture_output=True, check=False)
    except OSError as error:
        raise Failure(f"cannot run kubectl: {error.strerror}", "-k needs kubectl on the PATH.") from None
    if done.returncode:
        raise Failure(f"kubectl kustomize {folder}: {done.stderr.decode(errors='replace').strip()}")
    return _decoded(f"{folder} (kustomize)", done.stdout, SIZE_LIMIT)[1]


def _texts(arguments: Sequence[str], recursive: bool) -> Iterator[tuple[str, str]]:
    left = SIZE_LIMIT
    standard_input_used = False
    for path in arguments:
        if path == STANDARD_INPUT:
            if standard_input_used:
                raise Failure("'-' stands there twice, but there is only one standard input")
            standard_input_used = True
            content = sys.stdin.buffer.read(left + 1)
            yield _decoded("standard input", content, left)
            left -= len(content)
            continue
        for file in _files(Path(path), recursive):
            content = _content(file, left)
            yield _decoded(str(file), content, left)
            left -= len(content)


def _content(file: Path, limit: int) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(limit + 1)
    except OSError as error:
        raise Failure(f"cannot read {file}: {error.strerror}") from None


def _decoded(source: str, content: bytes, limit: int) -> tuple[str, str]:
    if len(content) > limit:
        raise Failure(f"{source}: more than {SIZE_LIMIT // 1024 // 1024} MiB of input; give fewer files at a time")
    try:
        return source, content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Failure(f"{source} is not a text in UTF-8") from None


def _files(path: Path, recursive: bool) -> Iterable[Path]:
    if not path.is_dir():
        if not path.exists():
            raise Failure(f"there is no file or folder {path}")
        return [path]
    if any((path / name).exists() for name in _KUSTOMIZATIONS):
        raise Failure(
            f"{path} is a kustomize folder, whose files mean something only together",
            f"Give it with -k {path}, or build it first: kubectl kustomize {path} | kubectl ailtire ... -",
        )
    entries = path.rglob("*") if recursive else path.iterdir()
    files = sorted(entry for entry in entries if entry.suffix in _SUFFIXES and entry.is_file())
    if not files:
        raise Failure(f"the folder {path} has no file that ends in {', '.join(_SUFFIXES)}")
    return files
