"""What a parent writes into its child: where it stands in the tree, and what it inherits."""

from typing import Annotated, Literal

from pydantic import Field

from ailtire_operator.model.base import Strict
from ailtire_operator.model.exposure import Exposure
from ailtire_operator.model.keys import ImageName
from ailtire_operator.model.limits import DEPTH_LIMIT, TREE_CHARACTER_LIMIT, TREE_LIMIT
from ailtire_operator.model.values import AccountName, ImageReference, Name, ObjectName, PositiveQuantity

SecurityProfile = Literal["restricted", "baseline", "privileged"]
AdditionalKind = Literal["HTTPRoute"]
"""A kind that a stack may make and whose right not every author has."""


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
