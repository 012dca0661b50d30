"""``spec`` of an AiltireStack."""

from functools import cached_property
from typing import Annotated

from pydantic import ConfigDict, Field, PrivateAttr, ValidationInfo, field_validator

from ailtire_operator.model.base import NEVER_NULL, OrEmpty, Strict, rules
from ailtire_operator.model.bounds import Size, count
from ailtire_operator.model.edge import Edge, Gateway, StackInterface
from ailtire_operator.model.exposure import Exposure
from ailtire_operator.model.files import Configs, Secrets
from ailtire_operator.model.keys import ImageName, NetworkKey, VolumeKey
from ailtire_operator.model.network import Network
from ailtire_operator.model.place import AdditionalKind, Place, SecurityProfile
from ailtire_operator.model.service import Service, Services
from ailtire_operator.model.templates import DIFFERENT, FIELD, FORMER_FIELD
from ailtire_operator.model.values import (
    AccountName,
    ImageReference,
    ObjectName,
    StackName,
    UniqueList,
)
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
    """The application's name (AILTIRE_APPNAME in the whole tree); the root's own name where not given."""
    environment: Annotated[str, Field(max_length=63, pattern=r"^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$")] | None = (
        None
    )
    """The environment's name (dev, qa, prod): a label of every pod of the subtree."""
    image_registry: (
        Annotated[str, Field(max_length=253, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]*[A-Za-z0-9]$")] | None
    ) = None
    """Put before images that name no registry; inherited by the subtree."""
    image_pull_secrets: Annotated[UniqueList[ObjectName], Field(max_length=16)] = []
    """Secrets for pulling the images; inherited by the subtree."""
    images: Annotated[
        dict[ImageName, ImageReference], Field(max_length=1000, examples=[{"shop_web": "shop_web:1.5"}])
    ] = {}
    """What to run in place of an image, by the image's name as the services write it, with or without its tag.
    Inherited by the subtree, where the outermost stack's word counts: the map that an environment's overlay patches."""
    security_profile: SecurityProfile | None = None
    """The Pod Security Standard that the pods meet: restricted (the default), baseline for images that expect
    Docker's defaults (root, its capabilities), or privileged, where the operator's settings allow it, for what needs
    rights on the node. Inherited by the subtree."""
    services: Annotated[Services, Field(examples=[{"web": {"image": "shop_web:1.4"}}])] = {}
    """The members, by key, under which their peers reach them: at http://web:3000 the one with the key web."""
    networks: Annotated[
        dict[NetworkKey, Annotated[Network, OrEmpty]], Field(max_length=32, examples=[{"backend": {"internal": True}}])
    ] = {}
    """Networks beside the stack's own, by key."""
    data: Annotated[
        dict[VolumeKey, Annotated[Data, OrEmpty]],
        Field(max_length=64, examples=[{"records": {"size": "10Gi", "retain": True}}]),
    ] = {}
    """Volumes of the stack, by key."""
    configs: Annotated[Configs, Field(examples=[{"settings": {"content": "level: info"}}])] = {}
    """Files of the stack, by key."""
    secrets: Annotated[Secrets, Field(examples=[{"password": {"secret": "db", "key": "password"}}])] = {}
    """Files with something secret, by key; the Secrets themselves are kept by somebody else."""
    exposure: Annotated[Exposure, Field(examples=[{"type": "LoadBalancer"}])] | None = None
    """How published ports are reached from outside the cluster; inherited by the subtree."""
    interface: Annotated[StackInterface, Field(examples=[{"ports": {"80": 3000}}])] | None = None
    """Ports of the root's Service."""
    gateway: Annotated[Gateway, Field(examples=[{"replicas": 3, "maxBody": "128Mi"}])] | None = None
    """The stack's reverse proxy; there is one wherever a service has an interface."""
    edge: Annotated[Edge, Field(examples=[{"hosts": ["shop.example"], "tls": {"secretName": "shop-tls"}}])] | None = (
        None
    )
    """The way in from outside the cluster."""
    additional_kinds: Annotated[UniqueList[AdditionalKind], Field(max_length=16, examples=[["HTTPRoute"]])] = []
    """Kinds that inline children and stacks with stackRef may make although not every author has the right to them:
    whoever writes this resource needs it. Counts at the root and in a template; each declares what stands below it."""
    reconcile_as: AccountName | None = None
    """A service account of the namespace, by whose rights everything of the tree is written; by the operator's own
    where not given, unless its settings name one for all. Whoever writes this needs the right to impersonate it, and
    so does the operator. It is the root's to say: a stack below may name the same one only."""
    template_only: bool | None = None
    """Never run: other stacks refer to it by stackRef."""
    template: bool = False
    """Deprecated: the former name of templateOnly, which kustomize takes for a pod template."""
    suspend: bool = False
    """Nothing of the stack and its subtree is changed until this is gone; what runs keeps running."""
    place: Place | None = None
    """Where the stack stands in its tree. The operator writes it; in a resource of yours it is refused."""

    _size: Size | None = PrivateAttr(default=None)

    @field_validator("template")
    @classmethod
    def _one_value_under_two_names(cls, value: bool, info: ValidationInfo) -> bool:
        if info.data.get("template_only") not in (None, value):
            raise ValueError(DIFFERENT)
        return value

    @property
    def size(self) -> Size:
        """How much stands in the definition, inline children included."""
        return self._size if self._size is not None else count(self.to_json())

    def measured(self, size: Size) -> None:
        """Keep the size of the definition as it is written: it was counted before anything was read."""
        self._size = size

    @property
    def is_template(self) -> bool:
        """Whether it is only there for others to refer to, under either name of the field."""
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
        """Whether any member has a route, so that there is a gateway."""
        return any(service.interface for service in self.services.values())


class Stack(Strict):
    """An AiltireStack as the store holds it: the little metadata that decides anything, and the typed spec."""

    name: StackName
    """metadata.name."""
    namespace: str = ""
    """metadata.namespace; empty only when manifests are rendered for no namespace in particular."""
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
        """The service account that the tree's root names."""
        return self.spec.place.reconcile_as if self.spec.place else self.spec.reconcile_as

    @property
    def app_name(self) -> str:
        """The application's name."""
        return self.spec.place.app_name if self.spec.place else self.spec.app_name or self.name
