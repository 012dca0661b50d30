"""The images of the tests' workloads, and the operator's own."""

import re
import shutil
import tempfile
from dataclasses import astuple, dataclass
from pathlib import Path

from kindlab import engine, images, ours
from kindlab.places import IMAGES, REPOSITORY
from lab.paths import ROOT
from lab.report import Say, say

PROGRAMS = ROOT / "tests" / "e2e" / "programs"
_OPERATOR_PARTS = ("Dockerfile", "requirements.lock", "pyproject.toml", "README.md", "operator")


@dataclass(frozen=True)
class Workloads:
    """Names of images."""

    probe: str
    """The probe on Debian (glibc)."""
    probe_musl: str
    """The same on musl, with nothing else in the image."""
    nginx: str
    """For web servers and gateways alike."""
    redis: str

    def all(self) -> tuple[str, ...]:
        """Every one of them."""
        return astuple(self)


def ensure(tell: Say = say) -> Workloads:
    """Return the images' names, after those that were missing were built."""
    base = {"BASE": images.base(tell)}
    probe = {"probe": ours.program(PROGRAMS, "probe")}
    return Workloads(
        probe=images.ensure(images.Recipe("probe", IMAGES / "probe", probe, base, "glibc"), tell),
        probe_musl=images.ensure(images.Recipe("probe-musl", IMAGES / "probe", probe, base, "musl"), tell),
        nginx=images.ensure(images.Recipe("nginx", IMAGES / "nginx", {}, base), tell),
        redis=images.ensure(images.Recipe("redis", IMAGES / "redis", {}, base), tell),
    )


def operator(tell: Say = say) -> str:
    """Return the name of the operator's image, made of the project as it is on disk."""
    files = [file for part in _OPERATOR_PARTS for file in _files(ROOT / part)]
    contents = [f"{file.relative_to(ROOT)}={ours.fingerprint([file])}" for file in files]
    reference = f"{REPOSITORY}/operator:{ours.fingerprint([], *contents)}"
    if not images.present(reference):
        if not engine.pulls():
            _stand_in_for_python(tell)
        with tempfile.TemporaryDirectory() as name:
            for file in files:
                target = Path(name) / file.relative_to(ROOT)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, target)
            images.docker_build(Path(name), reference, tell=tell)
    return reference


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return [file for file in ours.files_of(path) if "__pycache__" not in file.parts]
    return [path] if path.exists() else []


def _stand_in_for_python(tell: Say) -> None:
    """Give an image of Debian's Python the names from which the operator's Dockerfile starts."""
    python = images.ensure(images.Recipe("python", IMAGES / "python", {}, {"BASE": images.base(tell)}), tell)
    named = re.findall(r"^FROM (\S*python\S*)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    for name in {each.partition("@")[0] for each in named}:
        engine.docker("tag", python, name)
