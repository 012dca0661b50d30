"""What is to be built, as a file for ``docker buildx bake`` and as command lines of docker. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.compose.builds import Target

GROUP: Final = "default"
"""What bake builds where no target is named."""
_NAME_LENGTH: Final = 60


@dataclass(frozen=True, slots=True)
class Made:
    """One image of the plan."""

    name: str
    """The target's name in the plan: letters, digits and hyphens."""
    target: Target
    reference: str
    """The image under the name by which the cluster pulls it."""
    is_used: bool
    """Whether the tree runs it."""
    is_base: bool = False
    """Whether an image that the tree runs is built upon it."""

    @property
    def is_built(self) -> bool:
        """Whether it is built at all."""
        return self.is_used or self.is_base


@dataclass(frozen=True, slots=True)
class Attestations:
    """What is said about an image beside it, in the registry."""

    sbom: bool = False
    provenance: bool = False

    def types(self) -> list[str]:
        """As bake writes them."""
        return [f"type={name}" for name, wanted in (("provenance", self.provenance), ("sbom", self.sbom)) if wanted]


def named(targets: Sequence[Target]) -> dict[str, Target]:
    """The targets by a name of each that any tool takes and no other target has."""
    found: dict[str, Target] = {}
    for target in targets:
        base = naming.sanitize(target.image.rpartition("/")[2].partition(":")[0])[:_NAME_LENGTH].strip("-") or "image"
        name, number = base, 1
        while name in found or name == GROUP:
            number += 1
            name = f"{base}-{number}"
        found[name] = target
    return found


def bake(made: Sequence[Made], attestations: Attestations, *, folder: str = ".", push: bool = False) -> dict[str, Any]:
    """The file for bake; ``folder`` is the path to the application's folder from where bake is run.

    Its default group is what the tree runs: bake builds what that is built upon because of it, and pushes none of it.
    """
    names = {each.target.image: each.name for each in made}
    targets = {each.name: _target(each, names, attestations, folder, push and each.is_used) for each in made}
    return {"group": {GROUP: {"targets": [each.name for each in made if each.is_used]}}, "target": targets}


def _target(
    made: Made, names: Mapping[str, str], attestations: Attestations, folder: str, push: bool
) -> dict[str, Any]:
    target = made.target
    context = _path(folder, target.context)
    bases = {base: f"target:{names[image]}" for base, image in target.bases}
    contexts = {name: _path(folder, each) for name, each in target.contexts.items()}
    written: dict[str, Any] = {
        "context": context,
        "dockerfile": _below(target.context, target.dockerfile) if target.dockerfile else "",
        "dockerfile-inline": target.inline,
        "tags": [made.reference],
        "args": target.args,
        "labels": target.labels,
        "target": target.stage,
        "platforms": list(target.platforms),
        "contexts": {**contexts, **bases},
        "extra-hosts": target.hosts,
        "no-cache": target.no_cache,
        "pull": target.pull,
        "attest": attestations.types(),
        "output": ["type=registry"] if push else [],
    }
    return {key: _literal(value) for key, value in written.items() if value}


def _path(folder: str, relative: str) -> str:
    """A path that nobody takes for an address: bake reads ``https:``, ``target:`` and the like from its beginning."""
    path = (PurePosixPath(folder) / relative).as_posix()
    return path if path.startswith(("/", "./", "../")) or path in (".", "..") else f"./{path}"


def _below(context: str, dockerfile: str) -> str:
    """The Dockerfile's path from the context on, as bake takes it."""
    one, other = PurePosixPath(context).parts, PurePosixPath(dockerfile).parts
    same = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return "/".join([*[".."] * (len(one) - same), *other[same:]])


def _literal(value: Any) -> Any:
    """The value with its texts as bake reads them back: in each of them it would fill in ``${...}`` and ``%{...}``."""
    if isinstance(value, str):
        return value.replace("${", "$${").replace("%{", "%%{")
    if isinstance(value, Mapping):
        return {_literal(key): _literal(each) for key, each in value.items()}
    return [_literal(each) for each in value] if isinstance(value, list) else value


def plain_build(made: Made) -> list[str]:
    """The words of ``docker build`` for a target without further contexts, run in the application's folder.

    A target that others build upon also gets the name by which they do.
    """
    target = made.target
    words = ["docker", "build", f"--file={_path('.', target.dockerfile) if target.dockerfile else '-'}"]
    words += [f"--tag={name}" for name in dict.fromkeys([made.reference, *([target.image] if made.is_base else [])])]
    words += [f"--build-arg={name}={value}" for name, value in target.args.items()]
    words += [f"--label={name}={value}" for name, value in target.labels.items()]
    words += [f"--add-host={name}:{address}" for name, address in target.hosts.items()]
    words += [f"--platform={','.join(target.platforms)}"] if target.platforms else []
    words += [f"--target={target.stage}"] if target.stage else []
    words += ["--no-cache"] if target.no_cache else []
    words += ["--pull"] if target.pull else []
    return [*words, _path(".", target.context)]


def needs_buildx(made: Sequence[Made], attestations: Attestations) -> str:
    """Why docker alone cannot build these, in words; empty where it can."""
    if attestations.types():
        return "--sbom and --provenance"
    several = [each.name for each in made if len(each.target.platforms) > 1 or each.target.contexts]
    return f"several platforms, or additional contexts ({', '.join(several)})" if several else ""
