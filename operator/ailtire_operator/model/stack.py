"""``spec`` of an AiltireStack: what a person writes, and the place that a parent writes into its child."""

from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, PrivateAttr, ValidationInfo, field_validator, model_validator

from ailtire_operator.model.base import NEVER_NULL, OrEmpty, Strict, rules
from ailtire_operator.model.bounds import Size, count
from ailtire_operator.model.deploy import Resources
from ailtire_operator.model.exposure import Exposure
from ailtire_operator.model.files import Configs, Secrets
from ailtire_operator.model.keys import EdgeAnnotationKey, ImageName, MetadataKey, NetworkKey, PortNumber, VolumeKey
from ailtire_operator.model.limits import DEPTH_LIMIT, TREE_CHARACTER_LIMIT, TREE_LIMIT
from ailtire_operator.model.service import Service, Services
from ailtire_operator.model.templates import DIFFERENT, FIELD, FORMER_FIELD
from ailtire_operator.model.values import (
    AccountName,
    Host,
    ImageReference,
    Name,
    ObjectName,
    Port,
    PositiveQuantity,
    StackName,
    UniqueList,
)
from ailtire_operator.model.volumes import Data as Data

SecurityProfile = Literal["restricted", "baseline", "privileged"]
AdditionalKind = Literal["HTTPRoute"]
"""A kind that a stack may make and whose right not every author has."""


class Network(Strict):
    """A network beside the stack's own."""

    name: Annotated[Name, Field(min_length=1, max_length=253)] | None = None
    """Shared under this name with every stack below that declares it too."""
    external: bool = False
    """Declared by a stack above, under name (or under this key)."""
    internal: bool = False
    """Members reach each other and DNS, nothing else."""
    driver: Annotated[Name, Field(max_length=63)] | None = None
    """Kept for Swarm; Kubernetes' own network carries the traffic."""
    attachable: bool | None = None
    """Kept for Swarm: whether single containers may join the network."""
    labels: Annotated[dict[MetadataKey, Annotated[str, Field(max_length=4096)]], Field(max_length=32)] = {}
    """Labels of the network's objects; a value that is none becomes an annotation."""


class Gateway(Strict):
    """The reverse proxy of the stack; there is one wherever a service has an interface."""

    replicas: Annotated[int, Field(ge=0, le=100)] | None = None
    """How many run; inherited by the subtree. 2 where nobody says, so that no node takes the way to a subtree along."""
    image: ImageReference | None = None
    """An unprivileged nginx that reads /etc/nginx/nginx.conf; the operator's setting where not given."""
    resources: Resources | None = None
    """Limits and reservations; 25m of a processor and 16Mi of memory are reserved where not given."""
    max_body: PositiveQuantity | None = None
    """The largest body of a request in bytes, above which the caller gets a 413; inherited by the subtree. 64Mi where
    nobody says. A request passes the gateways of all stacks on its way."""


class Tls(Strict):
    """HTTPS at the edge."""

    secret_name: ObjectName
    """A TLS Secret of the namespace."""


class GatewayParent(Strict):
    """A Gateway of the Gateway API to attach to."""

    name: ObjectName
    """The Gateway's name."""
    namespace: ObjectName | None = None
    """Its namespace; the stack's own where not given."""
    section_name: ObjectName | None = None
    """The name of one of its listeners; all that take the route where not given."""


class Edge(Strict):
    """How the world outside the cluster reaches the stack: one Ingress or HTTPRoute to its gateway."""

    model_config = ConfigDict(
        json_schema_extra=NEVER_NULL
        | rules(
            ("!(has(self.kind) && self.kind == 'HTTPRoute') || has(self.parentRef)", "an HTTPRoute needs parentRef"),
        )
    )

    kind: Literal["Ingress", "HTTPRoute"] = "Ingress"
    """Ingress, or HTTPRoute where the cluster serves the Gateway API."""
    class_name: ObjectName | None = None
    """The IngressClass; the cluster's default where not given."""
    parent_ref: GatewayParent | None = None
    """The Gateway that an HTTPRoute attaches to."""
    hosts: Annotated[UniqueList[Host], Field(max_length=32)] = []
    """Host names; all where empty."""
    tls: Tls | None = None
    """HTTPS with a certificate of the namespace."""
    annotations: Annotated[dict[EdgeAnnotationKey, Annotated[str, Field(max_length=4096)]], Field(max_length=64)] = {}
    """Annotations of the Ingress or HTTPRoute, as its controller understands them."""

    @model_validator(mode="after")
    def _attached(self) -> Self:
        if self.kind == "HTTPRoute" and self.parent_ref is None:
            raise ValueError("an HTTPRoute needs parentRef")
        return self


class StackInterface(Strict):
    """What the root answers on beside HTTP paths."""

    ports: Annotated[
        dict[PortNumber, Port],
        Field(
            max_length=32,
            json_schema_extra=rules(
                (
                    "self.all(p, !p.matches('^[0-9]+$') || int(p) >= 1 && int(p) <= 65535)",
                    "ports are numbers up to 65535",
                )
            ),
        ),
    ] = {}
    """External port to internal port. 3000 inside is the gateway's HTTP; any other is passed on as TCP to the one
    service whose interface names that port."""

    @model_validator(mode="after")
    def _in_range(self) -> Self:
        wrong = [port for port in self.ports if not 1 <= int(port) <= 65535]
        if wrong:
            raise ValueError(f"ports are numbers from 1 to 65535, not {', '.join(wrong)}")
        return self


class Budget(Strict):
    """What a child and everything below it may take: as much as it needed when its parent looked at it last."""

    members: Annotated[int, Field(ge=0, le=TREE_LIMIT)]
    """How many services and stacks."""
    characters: Annotated[int, Field(ge=0, le=TREE_CHARACTER_LIMIT)]
    """Of the definitions in its own resource and in those of the stacks below it."""


class Place(Strict):
    """What a child must know of its place in the tree. The operator writes it; in a resource of yours it is refused."""

    root: Annotated[Name, Field(max_length=63)]
    """The name of the tree's root."""
    parent: Annotated[Name, Field(max_length=63)]
    """The name of the stack that holds this one."""
    parent_key: Annotated[Name, Field(max_length=63)]
    """The key of this stack in its parent's services."""
    parent_host: Annotated[Name, Field(max_length=63)] = ""
    """The Service of the parent's gateway; empty where the parent has none."""
    depth: Annotated[int, Field(ge=1, le=DEPTH_LIMIT)]
    """Levels below the root."""
    app_name: Annotated[Name, Field(max_length=63)]
    """The application's name."""
    images: Annotated[dict[ImageName, ImageReference], Field(max_length=1000)] = {}
    """Inherited image overrides."""
    image_registry: Annotated[Name, Field(max_length=253)] | None = None
    """Inherited prefix for images that name no registry."""
    image_pull_secrets: Annotated[list[ObjectName], Field(max_length=16)] = []
    """Inherited pull secrets."""
    security_profile: SecurityProfile = "restricted"
    """Inherited Pod Security profile."""
    environment: Annotated[Name, Field(max_length=63)] | None = None
    """Inherited name of the environment."""
    exposure: Exposure | None = None
    """Inherited way of publishing ports."""
    networks: Annotated[
        dict[Annotated[Name, Field(max_length=253)], Annotated[Name, Field(max_length=128)]], Field(max_length=64)
    ] = {}
    """Shared networks in scope: their names, and <owning stack>/<key>."""
    internal_networks: Annotated[list[Annotated[Name, Field(max_length=128)]], Field(max_length=64)] = []
    """Those of these networks (<owning stack>/<key>) that are internal."""
    gateway_networks: Annotated[list[Annotated[Name, Field(max_length=128)]], Field(max_length=32)] = []
    """The parent's networks (<owning stack>/<key>) that this stack's gateway belongs to."""
    gateway_replicas: Annotated[int, Field(ge=0, le=100)] | None = None
    """Inherited count of a gateway's replicas."""
    gateway_max_body: PositiveQuantity | None = None
    """Inherited bound on the body of a request."""
    urls: Annotated[list[Annotated[Name, Field(max_length=1024)]], Field(max_length=32)] = []
    """Where the parent's route to this stack is reached from outside."""
    url_paths: Annotated[
        dict[Annotated[Name, Field(max_length=1024)], Annotated[Name, Field(max_length=1024)]], Field(max_length=32)
    ] = {}
    """What the gateway sees at those of the URLs that do not lead to its root."""
    additional_kinds: Annotated[list[AdditionalKind], Field(max_length=16)] = []
    """The additional kinds that the root, and each template on the way, declares."""
    reconcile_as: AccountName | None = None
    """The service account that the root names."""
    budget: Budget | None = None
    """What the stack and everything below it may take of the tree's limits."""
    templates: Annotated[list[Annotated[Name, Field(max_length=253)]], Field(max_length=DEPTH_LIMIT)] = []
    """The templates that this stack comes from, outermost first: a template among its own descendants is a cycle."""


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
