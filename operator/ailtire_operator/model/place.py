"""``spec.place``, which a parent writes into its child: its position in the tree and inherited values."""

from typing import Annotated, Literal

from pydantic import Field

from ailtire_operator import naming
from ailtire_operator.model.base import Strict
from ailtire_operator.model.exposure import Exposure
from ailtire_operator.model.keys import ImageName
from ailtire_operator.model.limits import ACCOUNT_LIMIT, DEPTH_LIMIT, TREE_CHARACTER_LIMIT, TREE_LIMIT
from ailtire_operator.model.values import AccountName, ImageReference, Name, ObjectName, PositiveQuantity, Time
from ailtire_operator.model.variables import SubtreeVariables

SecurityProfile = Literal["restricted", "baseline", "privileged"]
AdditionalKind = Literal["HTTPRoute"]
"""A kind that a stack may use and not every author may create."""


class Budget(Strict):
    """The share of the tree's limits for a child and everything below it, as its parent last counted it."""

    members: Annotated[int, Field(ge=0, le=TREE_LIMIT)]
    """The number of services and stacks."""
    characters: Annotated[int, Field(ge=0, le=TREE_CHARACTER_LIMIT)]
    """Characters of the definitions in its own resource and in those below it."""


class Place(Strict):
    """A child's position in the tree and inherited values. Only the operator may write it."""

    root: Annotated[Name, Field(max_length=63)]
    """The name of the tree's root."""
    parent: Annotated[Name, Field(max_length=63)]
    """The name of the parent stack."""
    parent_key: Annotated[Name, Field(max_length=63)]
    """The key of this stack in its parent's services."""
    parent_host: Annotated[Name, Field(max_length=63)] = ""
    """The Service of the parent's gateway; empty if it has none."""
    depth: Annotated[int, Field(ge=1, le=DEPTH_LIMIT)]
    """Levels below the root."""
    app_name: Annotated[Name, Field(max_length=63)]
    """The application's name."""
    images: Annotated[dict[ImageName, ImageReference], Field(max_length=1000)] = {}
    """Inherited image overrides."""
    image_registry: Annotated[Name, Field(max_length=253)] | None = None
    """Inherited prefix for images without a registry."""
    image_pull_secrets: Annotated[list[ObjectName], Field(max_length=16)] = []
    """Inherited pull secrets."""
    security_profile: SecurityProfile = "restricted"
    """Inherited Pod Security profile."""
    environment: Annotated[Name, Field(max_length=63)] | None = None
    """Inherited name of the environment."""
    env: SubtreeVariables = {}
    """Inherited variables of services."""
    exposure: Exposure | None = None
    """Inherited exposure of published ports."""
    stopped: bool = False
    """Whether a stack above is stopped, or the stack is by its entry there."""
    restarted_at: Time | None = None
    """The latest restart that a stack above was asked for."""
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
    """Inherited limit of a request's body."""
    tree_gateway: bool = False
    """Whether the root's gateway serves the whole tree."""
    gateway_port: (
        Annotated[int, Field(ge=naming.TREE_GATEWAY_PORTS.start, lt=naming.TREE_GATEWAY_PORTS.stop)] | None
    ) = None
    """The port of this stack at the gateway of the tree: its own for as long as the stack exists."""
    urls: Annotated[list[Annotated[Name, Field(max_length=1024)]], Field(max_length=32)] = []
    """External URLs of the parent's routes to this stack."""
    url_paths: Annotated[
        dict[Annotated[Name, Field(max_length=1024)], Annotated[Name, Field(max_length=1024)]], Field(max_length=32)
    ] = {}
    """The path at the gateway for each URL that does not lead to its root."""
    additional_kinds: Annotated[list[AdditionalKind], Field(max_length=16)] = []
    """The additional kinds that the root and each template on the path declare."""
    service_accounts: Annotated[list[AccountName], Field(max_length=ACCOUNT_LIMIT)] = []
    """The service accounts that the root and each template on the path declare."""
    reconcile_as: AccountName | None = None
    """The root's service account."""
    budget: Budget | None = None
    """The share of the tree's limits for the stack and everything below it."""
    templates: Annotated[list[Annotated[Name, Field(max_length=253)]], Field(max_length=DEPTH_LIMIT)] = []
    """The templates that this stack comes from, outermost first: a template among its own descendants is a cycle."""
