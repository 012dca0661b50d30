"""``spec`` of an AiltireStack: the fields that its author writes."""

from functools import cached_property
from typing import Annotated

from pydantic import ConfigDict, Field, PrivateAttr, ValidationInfo, field_validator

from ailtire_operator.model.base import NEVER_NULL, OrEmpty, Strict, rules
from ailtire_operator.model.bounds import Size, count
from ailtire_operator.model.edge import Edge, Gateway, StackInterface
from ailtire_operator.model.exposure import Exposure
from ailtire_operator.model.files import Configs, Secrets
from ailtire_operator.model.keys import ImageName, NetworkKey, VolumeKey
from ailtire_operator.model.limits import ACCOUNT_LIMIT
from ailtire_operator.model.network import Network
from ailtire_operator.model.place import AdditionalKind, Place, SecurityProfile
from ailtire_operator.model.rollout import UpdatePolicy
from ailtire_operator.model.service import Service, Services
from ailtire_operator.model.templates import DIFFERENT, FIELD, FORMER_FIELD
from ailtire_operator.model.values import (
    AccountName,
    ImageReference,
    ObjectName,
    StackName,
    Time,
    UniqueList,
)
from ailtire_operator.model.variables import SubtreeVariables
from ailtire_operator.model.verification import Verification
from ailtire_operator.model.volumes import Data as Data


class StackSpec(Strict):
    """A stack: services, and services that are themselves stacks."""

    model_config = ConfigDict(
        json_schema_extra=NEVER_NULL
        | rules(
            (f"!has(self.{FIELD}) || !has(self.{FORMER_FIELD}) || self.{FIELD} == self.{FORMER_FIELD}", DIFFERENT),
        )
    )

    app_name: Annotated[str, Field(max_length=63, pattern=r"^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$")] | None = None
    """The application's name (AILTIRE_APPNAME in the whole tree); default: the root's name."""
    environment: Annotated[str, Field(max_length=63, pattern=r"^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$")] | None = (
        None
    )
    """The environment's name (dev, qa, prod): a label of every pod of the subtree."""
    image_registry: (
        Annotated[str, Field(max_length=253, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]*[A-Za-z0-9]$")] | None
    ) = None
    """Prefix of images without a registry; inherited by the subtree."""
    image_pull_secrets: Annotated[UniqueList[ObjectName], Field(max_length=16)] = []
    """Secrets for pulling the images; inherited by the subtree."""
    images: Annotated[
        dict[ImageName, ImageReference], Field(max_length=1000, examples=[{"shop_web": "shop_web:1.5"}])
    ] = {}
    """Image overrides, by the image's name as the services write it, with or without its tag. Inherited by the
    subtree, where the outermost stack takes precedence: an environment's overlay patches this map."""
    security_profile: SecurityProfile | None = None
    """The Pod Security Standard of the pods: restricted (the default), baseline for images that expect Docker's
    defaults (root, its capabilities), or privileged, if the operator's settings allow it, for access to the node.
    Inherited by the subtree."""
    env: SubtreeVariables = {}
    """Variables of all services of the stack and its subtree, by name. The nearest value counts: a service's own
    environment and environmentValuesFrom take precedence over it, a stack below over the stacks above it; it takes
    precedence over environmentFrom. AILTIRE_* is reserved."""
    services: Annotated[Services, Field(examples=[{"web": {"image": "shop_web:1.4"}}])] = {}
    """The members, by key, which is their host name for peers: http://web:3000 for the key web."""
    networks: Annotated[
        dict[NetworkKey, Annotated[Network, OrEmpty]], Field(max_length=32, examples=[{"backend": {"internal": True}}])
    ] = {}
    """Additional networks, by key."""
    data: Annotated[
        dict[VolumeKey, Annotated[Data, OrEmpty]],
        Field(max_length=64, examples=[{"records": {"size": "10Gi", "retain": True}}]),
    ] = {}
    """Volumes of the stack, by key."""
    configs: Annotated[Configs, Field(examples=[{"settings": {"content": "level: info"}}])] = {}
    """Files of the stack, by key."""
    secrets: Annotated[Secrets, Field(examples=[{"password": {"secret": "db", "key": "password"}}])] = {}
    """Files from Secrets, by key; others manage the Secrets."""
    exposure: Annotated[Exposure, Field(examples=[{"type": "LoadBalancer"}])] | None = None
    """How published ports are reached from outside the cluster; inherited by the subtree."""
    interface: Annotated[StackInterface, Field(examples=[{"ports": {"80": 3000}}])] | None = None
    """Ports of the root's Service."""
    gateway: Annotated[Gateway, Field(examples=[{"replicas": 3, "maxBody": "128Mi"}])] | None = None
    """The stack's reverse proxy; it exists if a service has an interface."""
    edge: Annotated[Edge, Field(examples=[{"hosts": ["shop.example"], "tls": {"secretName": "shop-tls"}}])] | None = (
        None
    )
    """How the stack is reached from outside the cluster."""
    additional_kinds: Annotated[UniqueList[AdditionalKind], Field(max_length=16, examples=[["HTTPRoute"]])] = []
    """Kinds that inline children and stacks with stackRef may use and that not every author may create: the author of
    this resource needs the permission. Applies at the root and in a template, for the stacks below."""
    service_accounts: Annotated[UniqueList[AccountName], Field(max_length=ACCOUNT_LIMIT, examples=[["uploader"]])] = []
    """Service accounts of the namespace that services may have as their serviceAccountName, in this stack, its inline
    children and stacks with stackRef: the author of this resource needs the permission to create tokens of each.
    Applies at the root and in a template."""
    reconcile_as: AccountName | None = None
    """A service account of the namespace that the operator impersonates to write the whole tree; default: that of the
    operator's settings, or its own. The author of this and the operator need the permission to impersonate it. Set it
    in the root: a stack below may only have the same one."""
    template_only: bool | None = None
    """True: it never runs by itself; other stacks refer to it by stackRef."""
    template: bool = False
    """Deprecated: the former name of templateOnly, which kustomize takes for a pod template."""
    suspend: bool = False
    """True: the stack and its subtree are not changed; what runs keeps running."""
    stopped: bool = False
    """True: nothing of the stack and its subtree runs, and what depends on others stops first. Volumes and Services
    stay, gateways answer 503. The number of replicas is that of the definition again once this is gone."""
    verify: Annotated[Verification, Field(examples=[{"image": "shop_test:1.4", "command": ["smoke-test"]}])] | None = (
        None
    )
    """A check that runs as a Job once for each definition, when everything of the stack and below it is ready, in the
    stack's networks; neither a replica count nor a route runs it again. The stack and those above it are Ready only
    when it has passed; nothing in the tree waits for it. It must change nothing: it is no migration."""
    restarted_at: Time | None = None
    """The time at which everything in the stack and its subtree was last asked to restart. Of this, the same field of a
    member and of the stacks above, the latest is an annotation of the pods: a later one replaces them as an update
    does, in the order of dependsOn. A Job is not run again by it."""
    revision_history_limit: Annotated[int, Field(ge=0, le=100)] | None = None
    """How many definitions of the whole tree are kept as revisions, that in force included: each that has become Ready
    as a whole (default 10). 0: none. `kubectl ailtire history` lists them, `rollback` goes back to one. Applies at the
    root."""
    update_policy: Annotated[UpdatePolicy, Field(examples=[{"failureAction": "rollback"}])] | None = None
    """What happens when an update of the whole tree fails; default: nothing. Applies at the root."""
    place: Place | None = None
    """The stack's position in its tree. Only the operator may write it."""

    _size: Size | None = PrivateAttr(default=None)

    @field_validator("template")
    @classmethod
    def _one_value_under_two_names(cls, value: bool, info: ValidationInfo) -> bool:
        if info.data.get("template_only") not in (None, value):
            raise ValueError(DIFFERENT)
        return value

    @property
    def size(self) -> Size:
        """The size of the definition, inline children included."""
        return self._size if self._size is not None else count(self.to_json())

    def measured(self, size: Size) -> None:
        """Keep the size of the definition, which was counted before parsing."""
        self._size = size

    @property
    def is_template(self) -> bool:
        """Whether it is a template, under either name of the field."""
        return bool(self.template_only or self.template)

    @cached_property
    def children(self) -> dict[str, Service]:
        """The members that are stacks, by key."""
        return {key: service for key, service in self.services.items() if service.is_stack}

    @cached_property
    def plain(self) -> dict[str, Service]:
        """The members that run an image, by key."""
        return {key: service for key, service in self.services.items() if not service.is_stack}

    @cached_property
    def has_interface(self) -> bool:
        """Whether any member has a route, so that the stack has a gateway."""
        return any(service.interface for service in self.services.values())

    @cached_property
    def keeps_own_gateway(self) -> bool:
        """Whether the stack, below a root, has a gateway of its own even where the root has one for the tree.

        TCP ports are passed through by number: two stacks may want the same.
        """
        asked = self.gateway is not None and self.gateway.own
        tcp = any(entry.protocol == "tcp" for service in self.plain.values() for entry in service.interface.values())
        return asked or tcp


class Stack(Strict):
    """An AiltireStack in the store: the metadata that is needed, and the typed spec."""

    name: StackName
    """metadata.name."""
    namespace: str = ""
    """metadata.namespace; empty only when manifests are rendered without a namespace."""
    uid: str = ""
    """metadata.uid."""
    generation: int = 0
    """metadata.generation."""
    spec: StackSpec
    """The validated spec."""

    @property
    def root(self) -> str:
        """The name of the tree's root."""
        return self.spec.place.root if self.spec.place else self.name

    @property
    def reconcile_as(self) -> str | None:
        """The service account of the tree's root."""
        return self.spec.place.reconcile_as if self.spec.place else self.spec.reconcile_as

    @property
    def app_name(self) -> str:
        """The application's name."""
        return self.spec.place.app_name if self.spec.place else self.spec.app_name or self.name
