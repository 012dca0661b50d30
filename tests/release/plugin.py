"""The archives of `kubectl ailtire` for krew: one per platform, with all that it requires but Python itself.

Some of the required packages are compiled, for one version of Python each. So an archive has what is the same for all
versions once, and the rest once for each version of Python; the launcher takes those of the Python that runs it.
"""

import io
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Final

from packaging.markers import Marker

from lab.errors import LabError
from lab.paths import ROOT
from release.bundles import File
from supplychain import pins, wheel
from supplychain.pins import Pin

PYTHONS: Final = ("3.11", "3.12", "3.13", "3.14")
MACHINES: Final = {"amd64": "x86_64", "arm64": "aarch64"}
"""As krew names them, and as wheels do."""
_LIBC: Final = "manylinux_2_17", "manylinux2014", "manylinux_2_28"
_AS_LOCKED: Final = ("--no-deps", "--require-hashes", "--only-binary=:all:", "--implementation", "cp")
COMMANDS: Final = {"kubectl-ailtire": "main", "kubectl_complete-ailtire": "complete"}
_LAUNCHER: Final = Path(__file__).with_name("launcher.py")


def contents(own: Path, machine: str) -> dict[str, File]:
    """Return the files of the archive for a machine (``amd64``), around the project's own wheel."""
    required = {each.name for each in wheel.required(own)}
    locked = [pin for pin in pins.read(wheel.LOCK) if pin.name in required]
    found = {
        python: _fetched([pin for pin in locked if _applies(pin, python, machine)], python, machine)
        for python in PYTHONS
    }
    everywhere = set.intersection(*(set(wheels) for wheels in found.values()))
    files = {name: File(_launcher(function), executable=True) for name, function in COMMANDS.items()}
    files["LICENSE"] = File((ROOT / "LICENSE").read_bytes())
    files |= _unpacked("lib/any", [own.read_bytes(), *(found[PYTHONS[0]][name] for name in sorted(everywhere))])
    for python, wheels in found.items():
        files |= _unpacked(f"lib/{python}", [wheels[name] for name in sorted(set(wheels) - everywhere)])
    return files


def _launcher(function: str) -> bytes:
    text = _LAUNCHER.read_text()
    assert text.count('"main"') == 1
    return text.replace('"main"', f'"{function}"').encode()


def _applies(pin: Pin, python: str, machine: str) -> bool:
    """Say whether a locked package is for such a system: pip would ask about the one that it runs on."""
    there = {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "os_name": "posix",
        "platform_machine": MACHINES[machine],
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
    }
    return not pin.marker or Marker(pin.marker).evaluate(there)


def _fetched(locked: Iterable[Pin], python: str, machine: str) -> dict[str, bytes]:
    """Return the wheels for a version of Python, by their file names. Raises LabError where one is missing."""
    platforms = [option for libc in _LIBC for option in ("--platform", f"{libc}_{MACHINES[machine]}")]
    lines = [_line(pin) for pin in locked if _applies(pin, python, machine)]
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "wanted.txt").write_text("\n".join(lines))
        done = subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", *_AS_LOCKED,
             "--python-version", python, *platforms, "--dest", folder / "wheels", "-r", folder / "wanted.txt"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise LabError(f"wheels for Python {python} on {machine}: {done.stderr.strip()[-1000:]}")
        return {path.name: path.read_bytes() for path in (folder / "wheels").iterdir()}


def _line(pin: Pin) -> str:
    return " ".join([f"{pin.name}=={pin.version}", *(f"--hash=sha256:{each}" for each in pin.hashes)])


def _unpacked(folder: str, wheels: Iterable[bytes]) -> Mapping[str, File]:
    """Return the modules of wheels; scripts, headers and manual pages are for nobody here."""
    found: dict[str, File] = {}
    for content in wheels:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.infolist():
                path = _module_path(member.filename)
                if path and not member.is_dir():
                    found[f"{folder}/{path}"] = File(archive.read(member))
    return found


def _module_path(name: str) -> str:
    """Return where a file of a wheel belongs among modules; empty for what is none."""
    first, *rest = PurePosixPath(name).parts
    if not first.endswith(".data"):
        return name
    return "/".join(rest[1:]) if rest[:1] in (["purelib"], ["platlib"]) else ""
