"""The context that all services of one project share during translation."""

from dataclasses import dataclass, field
from typing import Final

from pydantic import TypeAdapter

from ailtire_operator import naming
from ailtire_operator.compose.compose_file.name_references import NameReferences
from ailtire_operator.compose.compose_file.project_files import ProjectFiles
from ailtire_operator.compose.compose_file.project_networks import ProjectNetworks
from ailtire_operator.compose.compose_file.project_volumes import ProjectVolumes
from ailtire_operator.compose.scalars import accepts
from ailtire_operator.model.values import ImageReference

_IMAGE: Final = TypeAdapter(ImageReference)


@dataclass(frozen=True)
class ImageNames:
    """The names of built images."""

    project: str
    registry: str | None = None
    tag: str | None = None

    def docker_name(self, service: str) -> str:
        """The name that `docker compose config --images` prints."""
        return f"{self.project}-{service}"

    def of(self, service: str) -> str:
        """Docker Compose's name of a service's image with the registry, valid for registries."""
        name = self.docker_name(service)
        if not accepts(_IMAGE, name) or name != name.lower():
            name = f"{naming.sanitize(self.project)}-{naming.sanitize(service)}"
        name = f"{self.registry.rstrip('/')}/{name}" if self.registry else name
        return f"{name}:{self.tag}" if self.tag else name


@dataclass(frozen=True)
class Shared:
    """The parts of a project that its services refer to."""

    images: ImageNames
    networks: ProjectNetworks
    volumes: ProjectVolumes
    files: ProjectFiles
    names: NameReferences
    """The names that its services use for each other."""
    hosts: frozenset[str] = frozenset()
    """Names that containers may use for each other."""
    aliases: dict[str, list[str]] = field(default_factory=dict)
    """Additional names by service, from links."""
