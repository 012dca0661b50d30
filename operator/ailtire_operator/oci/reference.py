"""References to what a registry holds: ``registry.example:5000/shop/orders:1.4@sha256:…``, read strictly."""

import re
from dataclasses import dataclass, replace
from typing import Final

from ailtire_operator.model.images import DEFINITION_SCHEME, is_registry
from ailtire_operator.oci.errors import RegistryError

_HOST = r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:]{2,39}\]"
_COMPONENT = r"[a-z0-9]+(?:(?:[._]|__|-{1,16})[a-z0-9]+)*"
_DIGEST_PATTERN: Final = r"sha256:[0-9a-f]{64}"
_DIGEST: Final = re.compile(_DIGEST_PATTERN)
_REFERENCE: Final = re.compile(
    rf"(?:(?P<registry>(?:{_HOST})(?::[0-9]{{1,5}})?)/)?(?P<repository>{_COMPONENT}(?:/{_COMPONENT})*)"
    rf"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}}))?(?:@(?P<digest>{_DIGEST_PATTERN}))?"
)
_REPOSITORY: Final = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_LONGEST: Final = 512
_DOCKER_HUB: Final = "docker.io"
_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})


@dataclass(frozen=True, slots=True)
class Reference:
    """Something in a registry, by tag or by digest."""

    registry: str
    """The host, with its port if it is written."""
    repository: str
    tag: str | None = None
    digest: str | None = None
    """It precedes the tag where there are both."""

    def __str__(self) -> str:
        tag, digest = (f":{self.tag}" if self.tag else "", f"@{self.digest}" if self.digest else "")
        return f"{self.registry}/{self.repository}{tag}{digest}"

    @property
    def wanted(self) -> str:
        """What is asked of the registry: the digest, or else the tag."""
        return self.digest or self.tag or "latest"

    @property
    def host(self) -> str:
        """The host that answers: Docker Hub's has another name than its images."""
        return "registry-1.docker.io" if self.registry == _DOCKER_HUB else self.registry

    @property
    def is_local(self) -> bool:
        """Whether the registry is this machine, by its name."""
        return self.registry.rpartition(":")[0] in _LOCAL or self.registry in _LOCAL

    def at(self, digest: str) -> "Reference":
        """The same by digest alone."""
        return replace(self, tag=None, digest=digest)


def parse(text: str) -> Reference:
    """A reference to an image or a definition, by Docker's rules. Raises RegistryError."""
    match = _REFERENCE.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None:
        raise RegistryError(f"'{text[:128]}' is no reference to a registry: registry.example/name:tag or @sha256:...")
    registry, repository = match["registry"], match["repository"]
    if registry is not None and not is_registry(registry):
        registry, repository = None, f"{registry}/{repository}"
    if registry is None:
        registry, repository = _DOCKER_HUB, repository if "/" in repository else f"library/{repository}"
    if not _REPOSITORY.fullmatch(repository):
        raise RegistryError(f"'{text[:128]}' has upper case letters, which a registry refuses")
    return Reference(registry, repository, match["tag"], match["digest"])


def is_digest(text: str) -> bool:
    """Whether a text is a digest that can be checked."""
    return _DIGEST.fullmatch(text) is not None


def qualified(image: str) -> str:
    """An image with its registry, so that nothing puts another one before it. Raises RegistryError."""
    return str(parse(image))


def parse_address(text: str) -> Reference:
    """An address with the scheme, as ``import`` takes it; the registry has to be named. Raises RegistryError."""
    found = parse(text.removeprefix(DEFINITION_SCHEME))
    if not text.startswith(f"{DEFINITION_SCHEME}{found.registry}/"):
        raise RegistryError(f"'{text[:128]}' names no registry: {DEFINITION_SCHEME}registry.example/name@sha256:...")
    return found
