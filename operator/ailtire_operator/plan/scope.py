"""What every part of a plan knows: the stack, its place in the tree, the settings, and where deviations are noted."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ailtire_operator import naming
from ailtire_operator.model.census import Census
from ailtire_operator.model.exposure import Exposure
from ailtire_operator.model.place import SecurityProfile
from ailtire_operator.model.problems import FieldError, path_of
from ailtire_operator.model.report import Classification, Notice, Report
from ailtire_operator.model.settings import Settings
from ailtire_operator.model.stack import Stack, StackSpec
from ailtire_operator.plan.types import Observed

NO_NAMESPACE = "default"
"""Stands for the namespace inside full DNS names where manifests are rendered for none in particular."""


@dataclass(frozen=True)
class Scope:
    """One stack being planned. Nothing grows but the report, and what is remembered."""

    stack: Stack
    settings: Settings
    observed: Observed
    found: Report = field(default_factory=Report)
    copies: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The templates' definitions that went into child stacks, by name: they are held once, however many hold them."""

    @property
    def name(self) -> str:
        """The stack's name."""
        return self.stack.name

    @property
    def spec(self) -> StackSpec:
        """The stack's definition."""
        return self.stack.spec

    @property
    def namespace(self) -> str:
        """The namespace as it stands in DNS names."""
        return self.stack.namespace or NO_NAMESPACE

    @cached_property
    def census(self) -> Census:
        """Counts the stack's own subtree, and those of its children."""
        return Census(self.observed.templates)

    @cached_property
    def images(self) -> dict[str, str]:
        """Image overrides; what an outer stack says counts, so that an environment patches its root alone."""
        return {**self.spec.images, **(self.spec.place.images if self.spec.place else {})}

    @cached_property
    def image_registry(self) -> str | None:
        """The registry prefix, the nearest one."""
        return self.spec.image_registry or (self.spec.place.image_registry if self.spec.place else None)

    @cached_property
    def image_pull_secrets(self) -> list[str]:
        """Pull secrets, inherited and own."""
        inherited = self.spec.place.image_pull_secrets if self.spec.place else []
        return list(dict.fromkeys([*inherited, *self.spec.image_pull_secrets]))

    @cached_property
    def security_profile(self) -> SecurityProfile:
        """The Pod Security Standard, the nearest one."""
        inherited = self.spec.place.security_profile if self.spec.place else "restricted"
        return self.spec.security_profile or inherited

    @cached_property
    def environment(self) -> str | None:
        """The environment's name (dev, qa, prod), the nearest one."""
        return self.spec.environment or (self.spec.place.environment if self.spec.place else None)

    @cached_property
    def exposure(self) -> Exposure:
        """How published ports are reached from outside, the nearest one's word."""
        inherited = self.spec.place.exposure if self.spec.place else None
        return self.spec.exposure or inherited or Exposure()

    @cached_property
    def gateway_replicas(self) -> int | None:
        """How many of each gateway run, the nearest one's word; None where nobody says."""
        own = self.spec.gateway.replicas if self.spec.gateway else None
        return own if own is not None else self.spec.place.gateway_replicas if self.spec.place else None

    @cached_property
    def gateway_max_body(self) -> str | None:
        """The largest body that gateways take, the nearest one's word; None where nobody says."""
        own = self.spec.gateway.max_body if self.spec.gateway else None
        return own or (self.spec.place.gateway_max_body if self.spec.place else None)

    @property
    def gateway_host(self) -> str:
        """The Service of the stack's gateway; empty where it has none."""
        return self.name if self.spec.has_interface else ""

    def full_name(self, service: str) -> str:
        """A Service's full DNS name, for resolvers that know no search list."""
        return f"{service}.{self.namespace}.svc.{self.settings.cluster_domain}"

    def labels(self, key: str | None = None) -> dict[str, str]:
        """The labels of an object of the stack, or of its member ``key``."""
        labels = {
            naming.LABEL_MANAGED_BY: naming.OPERATOR_NAME,
            naming.LABEL_PART_OF: naming.label_value(self.stack.app_name),
            naming.LABEL_ROOT: self.stack.root,
            naming.LABEL_STACK: self.name,
        }
        if key is not None:
            labels[naming.LABEL_SERVICE] = naming.sanitize(key)
        return labels

    def pod_labels(self, selector: dict[str, str]) -> dict[str, str]:
        """The labels of a pod beside its networks': logs, metrics and alerts name the stack by them."""
        labels = {**self.labels(), **selector}
        if self.environment:
            labels[naming.LABEL_ENVIRONMENT] = self.environment
        return labels

    def service_selector(self, key: str) -> dict[str, str]:
        """What selects the pods of a plain service; never depends on anything a person edits."""
        return {
            naming.LABEL_STACK: self.name,
            naming.LABEL_COMPONENT: naming.COMPONENT_SERVICE,
            naming.LABEL_SERVICE: naming.sanitize(key),
        }

    def gateway_selector(self) -> dict[str, str]:
        """What selects the pods of the stack's gateway."""
        return {naming.LABEL_STACK: self.name, naming.LABEL_COMPONENT: naming.COMPONENT_GATEWAY}

    def path(self, *location: int | str) -> str:
        """A JSON path below ``spec.services``."""
        return path_of("spec.services", *location)

    @property
    def notices(self) -> tuple[Notice, ...]:
        """The deviations so far."""
        return self.found.notices

    def report(self, path: str, classification: Classification, message: str, remedy: str = "") -> None:
        """Note a deviation, once."""
        self.found.add(path, classification, message, remedy)

    def refuse(self, path: str, message: str, *, gated: bool = False, part_of: str = "") -> None:
        """Note a value that cannot be had as it is written; ``gated``: here, for want of a permission.

        The plan goes on with something in place of the value, to find what else is wrong, and is thrown away then.
        """
        self.found.refuse([FieldError(path, message, gated, part_of)])
