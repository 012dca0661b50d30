"""Images made on this machine: named by the content they are made of, and made once."""

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kindlab import debian, engine, ours
from kindlab.places import REPOSITORY, image_tar
from lab import commands
from lab.locking import exclusive
from lab.paths import cache
from lab.report import Say, say

_STOCK_BASE = "debian:bookworm-slim"
_SUITE = "bookworm"
_SMALL = 1 << 20
_TOOLS = ("mmdebstrap", "eatmydata")
_BASE_OPTIONS = (
    "--variant=minbase",
    "--include=ca-certificates",
    # As Docker's own Debian images do it: no fsync for each file, no documentation.
    "--dpkgopt=force-unsafe-io",
    *(f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in ("doc", "man", "locale")),
    # Whom this machine trusts, the builds on it trust.
    "--customize-hook=copy-in /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs",
)


@dataclass(frozen=True)
class Recipe:
    """An image: a folder with a Dockerfile, binaries that join it in the build context, build arguments."""

    name: str
    folder: Path
    binaries: Mapping[str, Path] = field(default_factory=dict)
    arguments: Mapping[str, str] = field(default_factory=dict)
    target: str = ""
    """The stage of the Dockerfile, where it is not the last."""
    keep: bool = False
    """Whether to save it as a file too, for a machine whose engine forgot it."""

    @property
    def tag(self) -> str:
        """What it is made of, as a hash."""
        made_of = [f"{name}={_identity(path)}" for name, path in sorted(self.binaries.items())]
        made_of += [f"{key}={value}" for key, value in sorted(self.arguments.items())] + [self.target]
        return ours.fingerprint(ours.files_of(self.folder), *made_of)

    @property
    def reference(self) -> str:
        """The name under which docker knows it."""
        return f"{REPOSITORY}/{self.name}:{self.tag}"


def _identity(file: Path) -> str:
    """What a file is: a program by the folder that names its version, anything small by its content."""
    small = file.stat().st_size < _SMALL
    return ours.fingerprint([file]) if small else f"{file.parent.name}:{file.stat().st_size}"


def ensure(recipe: Recipe, tell: Say = say) -> str:
    """Return an image's name, after it was found, loaded or built."""
    with exclusive(
        cache() / f"image-{recipe.name}.lock", lambda: tell(f"another process makes {recipe.name}: waiting")
    ):
        if not present(recipe.reference) and not load(recipe.name, recipe.tag, tell):
            build(recipe, tell)
            if recipe.keep:
                save(recipe.name, recipe.tag, recipe.reference, tell)
    return recipe.reference


def present(reference: str) -> bool:
    """Say whether the engine has an image."""
    return commands.succeeds(["docker", "image", "inspect", reference])


def load(name: str, tag: str, tell: Say = say) -> bool:
    """Load an image that was saved before; say whether there was one."""
    saved = image_tar(name, tag)
    if saved.exists():
        commands.long(f"loading image {name} from the cache", ["docker", "load", "-q", "-i", saved], tell=tell)
    return saved.exists()


def save(name: str, tag: str, reference: str, tell: Say = say) -> None:
    """Keep an image as a file, in place of its older versions."""
    target = image_tar(name, tag)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(".partial")
    commands.long(f"keeping image {name} in the cache", ["docker", "save", "-o", partial, reference], tell=tell)
    for older in target.parent.glob(f"{name}-{'?' * len(tag)}.tar"):
        older.unlink()
    partial.rename(target)


def build(recipe: Recipe, tell: Say = say) -> None:
    """Build an image; its context is a copy of its folder with the binaries beside the Dockerfile."""
    with tempfile.TemporaryDirectory() as name:
        context = Path(name) / "context"
        shutil.copytree(recipe.folder, context)
        for target, source in recipe.binaries.items():
            (context / target).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, context / target)
            (context / target).chmod(0o755)
        options = [f"--build-arg={key}={value}" for key, value in recipe.arguments.items()]
        docker_build(context, recipe.reference, *options, *([f"--target={recipe.target}"] if recipe.target else []))


def docker_build(context: Path, reference: str, *options: str, tell: Say = say) -> None:
    """Build a folder's Dockerfile, with the network of this machine, whose packages it may need."""
    command = ["docker", "build", "--network=host", "--tag", reference, *options, str(context)]
    name = reference.rpartition(":")[0].rpartition("/")[2]
    commands.long(f"building image {name}", command, env=engine.build_environment(), tell=tell)


def base(tell: Say = say) -> str:
    """Return the Debian image under all others: the stock one, or one made of Debian's packages here."""
    if engine.pulls():
        return _STOCK_BASE
    tag = ours.fingerprint([], _SUITE, *_BASE_OPTIONS)
    reference = f"{REPOSITORY}/debian:{tag}"
    with exclusive(cache() / "image-debian.lock", lambda: tell("another process makes the Debian image: waiting")):
        if not present(reference) and not load("debian", tag, tell):
            _bootstrap(reference, tell)
            save("debian", tag, reference, tell)
    return reference


def _bootstrap(reference: str, tell: Say) -> None:
    if not all(map(shutil.which, _TOOLS)):
        debian.install("mmdebstrap", _TOOLS, tell)
    with tempfile.TemporaryDirectory() as name:
        tar = Path(name) / "debian.tar"
        make: list[str | Path] = ["eatmydata", "mmdebstrap", "--quiet", *_BASE_OPTIONS, _SUITE, tar]
        commands.long("making the Debian base image", make, tell=tell)
        engine.docker("import", tar, reference, timeout=300)
