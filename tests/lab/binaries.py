"""Finds the programs of the lab, or builds them once from their Go modules into the user's cache."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import lru_cache
from pathlib import Path

from lab import toolchain
from lab.errors import LabError
from lab.locking import exclusive
from lab.paths import cache
from lab.report import Say, say
from lab.versions import CONTROL_PLANE, GOBUILD, PROGRAMS, Program, go_needed, minor_version
from lab.waiting import until_ended

_LANES = 2
"""How many modules are built at a time: while one is fetched or linked, another one has the processors."""


def ensure(programs: Iterable[Program] = CONTROL_PLANE, tell: Say = say) -> dict[str, Path]:
    """Return where each program is; whatever is missing is built now, which takes minutes the first time."""
    wanted = list(programs)
    with ThreadPoolExecutor() as asking:
        found = dict(zip(wanted, asking.map(find, wanted), strict=True))
    if missing := [program for program, path in found.items() if path is None]:
        tell(_what_is_missing(missing))
        found.update(_built(missing, tell))
    return {program.name: path for program, path in found.items() if path is not None}


def _what_is_missing(programs: list[Program]) -> str:
    wanted = ", ".join(f"{program.name} {program.version}" for program in programs)
    return f"neither PATH nor KUBEBUILDER_ASSETS has {wanted}: building from Go modules, once"


def path(name: str) -> Path:
    """Return where one program is, by its name."""
    return _ensured(name)


@lru_cache
def _ensured(name: str) -> Path:
    return ensure([PROGRAMS[name]])[name]


def find(program: Program) -> Path | None:
    """Look where installed programs are, then in the cache."""
    for candidate in _installed(program.name):
        if program.accepts(_version(candidate, program)):
            return candidate
    cached = _cached(program)
    return cached if cached.exists() else None


def _installed(name: str) -> Iterable[Path]:
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    if assets and (candidate := Path(assets) / name).exists():
        yield candidate
    if on_path := shutil.which(name):
        yield Path(on_path)


def _version(command: Path, program: Program) -> tuple[int, int]:
    asked = [str(command), *program.ask]
    try:
        answer = subprocess.run(asked, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return (0, 0)
    return minor_version(answer.stdout)


def _cached(program: Program) -> Path:
    return cache() / f"{program.name}-{program.version}" / program.name


def _built(missing: list[Program], tell: Say) -> dict[Program, Path]:
    """Build modules side by side, and the programs of one module in turn: they share most of their packages."""
    modules: dict[str, list[tuple[Program, str]]] = {}
    for number, program in enumerate(missing, 1):
        modules.setdefault(program.folder, []).append((program, f"{number} of {len(missing)}"))

    def build(module: list[tuple[Program, str]]) -> dict[Program, Path]:
        return {program: _build_once(program, count, tell) for program, count in module}

    with ThreadPoolExecutor(_LANES) as lanes:
        builds = [lanes.submit(build, module) for module in modules.values()]
        try:
            return {program: path for each in as_completed(builds) for program, path in each.result().items()}
        except BaseException:
            lanes.shutdown(cancel_futures=True)
            raise


def _build_once(program: Program, count: str, tell: Say) -> Path:
    target = _cached(program)
    lock = target.parent.with_name(f"{target.parent.name}.lock")
    with exclusive(lock, lambda: tell(f"another process is building {program.name}: waiting for it")):
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            _build(program, target, count, tell)
    return target


def _build(program: Program, target: Path, count: str, tell: Say) -> None:
    """Build beside the target and rename: a file with the final name is always whole."""
    go = toolchain.go(go_needed(program.folder), tell)
    partial = target.with_suffix(".partial")
    command = [go, "build", "-trimpath", "-buildvcs=false", "-tags", program.tags, "-ldflags", program.linker_flags]
    what = f"building {program.name} {program.version} ({count})"
    tell(f"{what}: about {program.minutes} the first time")
    begun = time.monotonic()
    with (target.parent / "build.log").open("w+") as log:
        build = subprocess.Popen(
            [*command, "-o", str(partial), program.package],
            cwd=GOBUILD / program.folder,
            env=toolchain.environment(),
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        until_ended(build, what, begun, tell)
        if build.returncode:
            tell(f"{what}: failed; what is being built beside it comes to its end first")
            log.seek(0)
            raise LabError(f"{what} failed; the Go module may be out of reach.\n{log.read()[-2000:].strip()}")
    partial.rename(target)
    tell(f"{what}: done in {time.monotonic() - begun:.0f} s")
