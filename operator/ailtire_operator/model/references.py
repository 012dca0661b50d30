"""The fields of a definition that refer to other objects and images, for programs that rename them, as kustomize."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ailtire_operator import naming

EVERY: Final = "*"
"""In a path: each key of a map. Lists have no step."""
Path = tuple[str, ...]

NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    naming.KIND: ("services.*.stackRef.name",),
    "ConfigMap": (
        "configs.*.configMap",
        "services.*.environmentFrom.configMap",
        "services.*.environmentValuesFrom.*.configMap",
    ),
    "Secret": (
        "imagePullSecrets",
        "edge.tls.secretName",
        "secrets.*.secret",
        "services.*.environmentFrom.secret",
        "services.*.environmentValuesFrom.*.secret",
        "services.*.policies.accessControl.authentication.secret",
    ),
    "PersistentVolumeClaim": ("data.*.claim",),
    "ResourceClaimTemplate": ("services.*.deploy.resources.reservations.claimTemplates.*",),
    "ServiceAccount": ("reconcileAs", "serviceAccounts", "services.*.serviceAccountName"),
    "Gateway": ("edge.parentRef.name",),
}
"""By kind: the fields with the name of an object in the stack's namespace."""
IMAGES: Final = ("gateway.image", "images.*", "services.*.image", "services.*.volumes.*.image", "verify.image")
"""The fields with an image."""


def names(spec: Mapping[str, Any]) -> Iterator[tuple[str, Path]]:
    """Kind and path of each name in a definition and its inline children."""
    for kind, fields in NAMES.items():
        yield from ((kind, path) for path in _all(spec, fields))


def images(spec: Mapping[str, Any]) -> Iterator[Path]:
    """The path of each image, likewise."""
    return _all(spec, IMAGES)


def names_here(spec: Mapping[str, Any], kind: str) -> Iterator[tuple[Path, str]]:
    """Path and name of each object of a kind that a definition refers to, without its inline children."""
    for field in NAMES[kind]:
        yield from _values(spec, tuple(field.split(".")))


def _values(value: Any, steps: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, list):
        for each in value:
            yield from _values(each, steps)
    elif steps and isinstance(value, Mapping):
        for key in value if steps[0] == EVERY else {steps[0]} & set(value):
            yield from (((key, *path), name) for path, name in _values(value[key], steps[1:]))
    elif not steps and isinstance(value, str):
        yield (), value


def _all(spec: Mapping[str, Any], fields: tuple[str, ...], above: Path = ()) -> Iterator[Path]:
    for field in fields:
        yield from ((*above, *path) for path in _paths(spec, tuple(field.split("."))))
    for key, service in (spec.get("services") or {}).items():
        if child := service.get("stack"):
            yield from _all(child, fields, (*above, "services", key, "stack"))


def _paths(value: Any, steps: Path) -> Iterator[Path]:
    if not steps:
        yield ()
    elif isinstance(value, list):
        for each in value:
            yield from _paths(each, steps)
    elif isinstance(value, Mapping):
        for key in value if steps[0] == EVERY else {steps[0]} & set(value):
            yield from ((key, *path) for path in _paths(value[key], steps[1:]))
