"""A manifest on its way into the cluster, and what became of it."""

from dataclasses import dataclass
from typing import Final, Literal

from ailtire_operator.cluster.drift import FieldChange
from ailtire_operator.cluster.errors import ClusterError
from ailtire_operator.cluster.kinds import Manifest, Ref
from ailtire_operator.cluster.store import Record
from ailtire_operator.cluster.template_changes import TemplateChange

Verb = Literal["create", "update", "replace", "none", "foreign", "refused", "delete"]


@dataclass(frozen=True, slots=True)
class ApplyResult:
    """What became of one manifest."""

    ref: Ref
    changed: bool
    record: Record | None
    error: ClusterError | None
    verb: Verb
    adopted: bool = False
    """Whether the object had lost its owner, or had none, and was taken over."""
    age: float = 0.0
    """For how many seconds an object that is not ours has been known to be in the way."""
    put_back: tuple[FieldChange, ...] = ()
    """What others had changed of it, and what is as planned again."""
    rolled: tuple[TemplateChange, ...] = ()
    """What differs in its pods' template: for that they are replaced. Empty where they stay, and for a new object."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What the API server would say to the takeover of an object."""

    obj: Manifest | None
    """The object in full as it was tried; None where there is none to take over, as it is the stack's already."""
    error: ClusterError | None
    """Why it is not taken over; NotFound where nothing has the name."""


@dataclass(frozen=True, slots=True)
class ApplyOptions:
    """How a manifest is applied."""

    autoscaled: bool = False
    """Whether an autoscaler of the stack holds its replica count already; without, a count that the manifest leaves
    open is held at the live value."""
    adopt: bool = False
    """Whether what has lost its owner is taken over; otherwise it is left as it is, which is an Orphaned error."""
    take: bool = False
    """Whether a Deployment of nobody that stands there is taken over, as the definition names it; otherwise it is left
    as it is, which is a Foreign error."""
    must_exist: bool = False
    """Whether it is only taken over or changed: what is not there, as the API server says, is not created, which is a
    Foreign error."""


DEFAULT_OPTIONS: Final = ApplyOptions()


@dataclass(frozen=True, slots=True)
class ApplyTask:
    """A manifest on its way."""

    ref: Ref
    manifest: Manifest
    owner_uid: str
    wanted: str
    """The fingerprint that the live object shall have."""
    options: ApplyOptions = DEFAULT_OPTIONS
    again: bool = False
    """Whether this is the second try after a 409."""
