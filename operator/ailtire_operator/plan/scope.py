"""The context of a plan: the stack, its place in the tree, the settings, what was observed, and the report."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ailtire_operator import naming
from ailtire_operator.model.census import Census
from ailtire_operator.model.exposure import Exposure
from ailtire_operator.model.field_path import SPEC, FieldPath, path_of
from ailtire_operator.model.place import SecurityProfile
from ailtire_operator.model.problems import FieldError
from ailtire_operator.model.report import Classification, Notice, Report
from ailtire_operator.model.settings import Settings
from ailtire_operator.model.stack import Stack, StackSpec
from ailtire_operator.model.values import latest
from ailtire_operator.plan.types import Observed

NO_NAMESPACE = "default"
"""The namespace in full DNS names when manifests are rendered without one."""


@dataclass(frozen=True)
class Scope:
    """One stack being planned. Only the report and the caches change."""

    stack: Stack
    settings: Settings
    observed: Observed
    found: Report = field(default_factory=Report)
    copies: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The definitions of templates used by child stacks, by name: one object each, to save memory."""
    base: FieldPath = SPEC
    """The path to the stack's definition, from where the report is read."""

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
        """The namespace in DNS names."""
        return self.stack.namespace or NO_NAMESPACE

    @cached_property
    def census(self) -> Census:
        """Counts the stack's own subtree, and those of its children."""
        return Census(self.observed.templates)

    @cached_property
    def images(self) -> dict[str, str]:
        """Image overrides; an outer stack's take precedence, so that an environment patches only its root."""
        return {**self.spec.images, **(self.spec.place.images if self.spec.place else {})}

    @cached_property
    def env(self) -> dict[str, str]:
        """Variables of all services, the nearest value of each: what is said closer to a service is more specific."""
        return {**(self.spec.place.env if self.spec.place else {}), **self.spec.env}

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
        """How published ports are reached from outside, the nearest one."""
        inherited = self.spec.place.exposure if self.spec.place else None
        return self.spec.exposure or inherited or Exposure()

    @cached_property
    def gateway_replicas(self) -> int | None:
        """Replicas of each gateway, the nearest one; None if it is not set."""
        own = self.spec.gateway.replicas if self.spec.gateway else None
        return own if own is not None else self.spec.place.gateway_replicas if self.spec.place else None

    @cached_property
    def gateway_max_body(self) -> str | None:
        """The body limit of gateways, the nearest one; None if it is not set."""
        own = self.spec.gateway.max_body if self.spec.gateway else None
        return own or (self.spec.place.gateway_max_body if self.spec.place else None)

    @cached_property
    def stopped(self) -> bool:
        """Whether the whole stack is stopped, also by a stack above."""
        return self.spec.stopped or (self.spec.place is not None and self.spec.place.stopped)

    @cached_property
    def restarted_at(self) -> str | None:
        """The latest restart of the whole stack, also by a stack above."""
        return latest(self.spec.restarted_at, self.spec.place.restarted_at if self.spec.place else None)

    def restart_of(self, kind: str, name: str, asked: str | None) -> str | None:
        """The time for a workload's pods. Where none is asked for any more it stays: nothing is to restart for that."""
        return asked or self.observed.restarts.get((kind, name))

    @cached_property
    def has_tree_gateway(self) -> bool:
        """Whether one gateway is to serve the whole tree."""
        place, own = self.spec.place, self.spec.gateway
        return place.tree_gateway if place is not None else own is not None and own.tree

    @cached_property
    def gateway_port(self) -> int | None:
        """The stack's port at the gateway of the tree, as far as it has one; whether it is served there or not."""
        place = self.spec.place
        return naming.GATEWAY_PORT if place is None else place.gateway_port

    @cached_property
    def is_served_by_tree(self) -> bool:
        """Whether the gateway of the tree is to serve the stack, which then has none of its own."""
        is_own = self.spec.place is not None and self.spec.keeps_own_gateway
        return self.has_tree_gateway and self.gateway_port is not None and not is_own

    @property
    def gateway_host(self) -> str:
        """The Service of the stack's gateway; empty if it has none."""
        return self.name if self.spec.has_interface else ""

    def full_name(self, service: str) -> str:
        """A Service's full DNS name, for resolvers without a search list."""
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
        """The labels of a pod except its networks'; logs, metrics and alerts identify the stack by them."""
        labels = {**self.labels(), **selector}
        if self.environment:
            labels[naming.LABEL_ENVIRONMENT] = self.environment
        return labels

    def service_selector(self, key: str) -> dict[str, str]:
        """The selector of a plain service's pods; independent of everything that an author can change."""
        return {
            naming.LABEL_STACK: self.name,
            naming.LABEL_COMPONENT: naming.COMPONENT_SERVICE,
            naming.LABEL_SERVICE: naming.sanitize(key),
        }

    def gateway_selector(self) -> dict[str, str]:
        """The selector of the gateway's pods."""
        return {naming.LABEL_STACK: self.name, naming.LABEL_COMPONENT: naming.COMPONENT_GATEWAY}

    def tree_gateway_selector(self) -> dict[str, str]:
        """The selector of the pods of the gateway for the whole tree."""
        return {naming.LABEL_STACK: self.stack.root, naming.LABEL_COMPONENT: naming.COMPONENT_TREE_GATEWAY}

    def verification_selector(self) -> dict[str, str]:
        """The labels of the pods that check the stack; no Service selects them."""
        return {
            naming.LABEL_STACK: self.name,
            naming.LABEL_COMPONENT: naming.COMPONENT_VERIFICATION,
            naming.LABEL_SERVICE: naming.VERIFICATION_LABEL,
        }

    def path(self, *location: int | str) -> FieldPath:
        """The path to something below ``services`` of the definition."""
        return path_of(self.base, "services", *location)

    @property
    def notices(self) -> tuple[Notice, ...]:
        """The notices so far."""
        return self.found.notices

    def report(self, path: FieldPath, classification: Classification, message: str, remedy: str = "") -> None:
        """Add a notice, once."""
        self.found.add(path, classification, message, remedy)

    def refuse(self, path: FieldPath, message: str, *, gated: bool = False, part_of: FieldPath | None = None) -> None:
        """Add a problem; ``gated``: only a permission or a setting is missing.

        Planning continues with a substitute value to find further problems, and the plan is discarded.
        """
        self.found.refuse([FieldError(path, message, gated, part_of)])
