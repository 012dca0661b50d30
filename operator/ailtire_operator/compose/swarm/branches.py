"""The stacks of a tree with the operator's plan of each: place, networks and names."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Final

from ailtire_operator import naming
from ailtire_operator.compose.views import StackView
from ailtire_operator.model.loading import Level
from ailtire_operator.model.place import Place
from ailtire_operator.model.settings import Settings
from ailtire_operator.model.stack import Stack, StackSpec
from ailtire_operator.plan.children import plan_children
from ailtire_operator.plan.network.membership import NameTable, NetworkId, Networks, has_gateway, of_stack
from ailtire_operator.plan.network.membership import name_tables as tables_of
from ailtire_operator.plan.scope import Scope
from ailtire_operator.plan.types import Observed

RESOLVER: Final = "127.0.0.11"
"""Docker's DNS server in every container of a network."""


@dataclass(frozen=True)
class Branch:
    """One stack of the tree."""

    view: StackView
    scope: Scope
    networks: Networks
    parent: "Branch | None"
    """The parent, if it is exported too."""
    key: str
    """Its key in the parent."""

    @property
    def name(self) -> str:
        """The name of its resource."""
        return self.view.name

    @property
    def spec(self) -> StackSpec:
        """Its definition, with its place."""
        return self.scope.spec

    @property
    def has_gateway(self) -> bool:
        """Whether it has a gateway."""
        return self.spec.has_interface

    @cached_property
    def name_tables(self) -> dict[NetworkId, NameTable]:
        """The names and their members, in each network that it owns."""
        return tables_of(self.scope, self.networks)

    @cached_property
    def reachable_children(self) -> frozenset[str]:
        """The keys of the child stacks that have a gateway."""
        templates = self.scope.observed.templates
        return frozenset(key for key, service in self.spec.children.items() if has_gateway(service, templates))

    @cached_property
    def places(self) -> dict[str, Place]:
        """The ``spec.place`` of each child, by the child's key."""
        _, resources = plan_children(self.scope, self.networks, [])
        return {
            resource["metadata"]["annotations"][naming.ANNOTATION_KEY]: Place.model_validate(resource["spec"]["place"])
            for resource in resources
        }

    def joined(self, key: str) -> dict[NetworkId, list[str]]:
        """The networks of a member, with its aliases."""
        return self.networks.of(self.spec.services[key])


def branch_of(
    view: StackView, level: Level, parent: Branch | None, templates: Mapping[str, StackSpec], gateway_image: str
) -> Branch:
    """The stack as it is planned at its place in the tree. Raises InvalidStack if it is not possible as written."""
    settings = _settings(gateway_image)
    spec = level.spec
    if parent is not None:
        spec = spec.model_copy(update={"place": parent.places.get(level.key), "template_only": None, "template": False})
    scope = Scope(Stack(name=view.name, spec=spec), settings, Observed(templates=templates))
    return Branch(view, scope, of_stack(scope), parent, level.key)


@cache
def _settings(gateway_image: str) -> Settings:
    """The operator's settings for Swarm, cached, as they are read from the environment too."""
    return Settings(nameservers=[RESOLVER], gateway_image=gateway_image)


def granted(branches: Iterable[Branch]) -> dict[tuple[NetworkId, str], list[str]]:
    """By network and member (the name of its Service in a cluster): the names under which it is reached there."""
    found: dict[tuple[NetworkId, str], list[str]] = {}
    for branch in branches:
        for network, table in branch.name_tables.items():
            for name, members in table.names.items():
                for member in members:
                    found.setdefault((network, member), []).append(name)
    return found
