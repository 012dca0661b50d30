"""A stack for the exporters: its definition, its place in the tree, and inherited values."""

from collections.abc import Mapping
from dataclasses import dataclass

from ailtire_operator import naming
from ailtire_operator.compose import images
from ailtire_operator.model.field_path import SPEC, FieldPath, path_of
from ailtire_operator.model.images import resolve
from ailtire_operator.model.loading import Level
from ailtire_operator.model.network import Network
from ailtire_operator.model.service import Service
from ailtire_operator.model.stack import StackSpec


@dataclass(frozen=True)
class StackView:
    """One stack of the tree."""

    path: FieldPath
    """Path of its spec, for notices."""
    name: str
    """The name of its resource."""
    spec: StackSpec
    app_name: str
    """The application's name."""
    image: str
    """The name of its stack container's image upstream, without the registry; also upstream's name of the stack."""
    parent: str | None
    """The parent's resource name; None at the root."""
    overrides: Mapping[str, str]
    """Image overrides; an outer stack's take precedence."""
    registry: str | None
    """Prefix of images without a registry."""
    networks: Mapping[str, str]
    """Networks of stacks above that share them: Swarm's name by shared name."""

    def member_path(self, key: str, *steps: str) -> FieldPath:
        """The path of a member, or of a field of it."""
        return path_of(self.path, "services", key, *steps)

    def resolve(self, image: str) -> str:
        """The image to run for an image of a service."""
        return resolve(image, self.overrides, self.registry)

    def child(self, key: str, level: Level) -> "StackView":
        """The view of the child stack under a key."""
        return StackView(
            path=level.path,
            name=level.name,
            spec=level.spec,
            app_name=self.app_name,
            image=child_image(self.image, key, self.spec.services[key]),
            parent=self.name,
            overrides={**level.spec.images, **self.overrides},
            registry=level.spec.image_registry or self.registry,
            networks=self.shared,
        )

    @property
    def shared(self) -> dict[str, str]:
        """The shared networks that children can join: Swarm's name by shared name."""
        shared = dict(self.networks)
        for key, network in self.spec.networks.items():
            if not network.external and (name := shared_name(key, network)):
                shared.setdefault(name, name)
        return shared


def root_view(name: str, spec: StackSpec) -> StackView:
    """The stack where an export begins: a root, or a child taken from a cluster with its place."""
    place = spec.place
    app = place.app_name if place else spec.app_name or name
    return StackView(
        path=SPEC,
        name=name,
        spec=spec,
        app_name=app,
        image=images.repaired(name if place else app) or name,
        parent=place.parent if place else None,
        overrides={**spec.images, **(place.images if place else {})},
        registry=spec.image_registry or (place.image_registry if place else None),
        networks={},
    )


def shared_name(key: str, network: Network) -> str | None:
    """The name under which stacks of a tree share a network; None if it is not shared."""
    return network.name or (key if network.external else None)


def child_image(parent: str, key: str, service: Service) -> str:
    """The image of a child's stack container: the stack it refers to, else what ``package create`` would call it.

    The resource does not hold the name under which the package was built: upstream's own rule for new packages,
    ``<parent>_<key>``, gives it back wherever an application follows it, also where the key is that name already.
    """
    if service.stack_ref is not None:
        return service.stack_ref.name
    name = key if key.lower().startswith(f"{parent}_") else f"{parent}_{key}"
    return images.repaired(name) or f"{parent}_{naming.sanitize(key)}"
