"""What the answers of the API server mean for a stack: whose trouble it is, and whether it goes by itself."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from ailtire_operator import naming
from ailtire_operator.cluster.apply_result import ApplyResult
from ailtire_operator.cluster.errors import Conflict, Denied, Invalid, NotFound, NotGone, Unavailable, WouldLoseData
from ailtire_operator.cluster.kinds import STACK, Manifest, Ref
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.reconcile.mode import root_of
from ailtire_operator.status.conditions import DELETING, PROGRESSING
from ailtire_operator.status.health import refused_creation
from ailtire_operator.status.observed import Problem

CONFLICTING: Final = "Conflicting"
FORBIDDEN: Final = "Forbidden"
REFUSED: Final = "Refused"
COLLECTED_SECONDS: Final = 30.0
"""What has lost its owner is collected within seconds. What is still there after this time stays."""
_LACKS_RIGHT: Final = re.compile(r'User "[^"]*" cannot ')
"""As in: User "system:serviceaccount:shop:tenant" cannot patch resource "deployments" in API group "apps"."""


@dataclass(frozen=True, slots=True)
class Attribution:
    """Problems of objects, by what they are for."""

    services: Mapping[str, Problem]
    """By the service's label; the gateway's is empty."""
    children: Mapping[str, Problem]
    """By the child's name."""
    others: Mapping[Ref, Problem]
    """Of objects that serve the stack as a whole."""


def problems(applied: Iterable[ApplyResult], stack: Record, store: Store) -> dict[Ref, Problem]:
    """Every object that is not as planned, and why."""
    found = {}
    for each in applied:
        problem = problem_of(each, yields=yields(each, stack, store))
        if problem is not None:
            found[each.ref] = problem
    return found


def problem_of(applied: ApplyResult, *, yields: bool = False) -> Problem | None:
    """Why an object is not as planned; ``yields``: what holds its name is of our own tree and about to leave."""
    error = applied.error
    if error is None:
        return None
    if applied.verb == "foreign" and not yields:
        return Problem(CONFLICTING, str(error))
    if isinstance(error, Denied) and lacks_right(error):
        return Problem(FORBIDDEN, str(error))
    if isinstance(error, Denied):
        return refused_creation(str(error), "Denied")
    if isinstance(error, Invalid):
        return Problem(REFUSED, _causes(error))
    if isinstance(error, NotGone):
        return Problem(DELETING, str(error), transient=True)
    if isinstance(error, WouldLoseData):
        return Problem("NotReplaced", f"{error}; that would lose data, so it is left as it is")
    if isinstance(error, Conflict | NotFound | Unavailable):
        return Problem(PROGRESSING, str(error), transient=True)
    return Problem(REFUSED, str(error))  # no answer that is known to change by itself


def lacks_right(error: Denied) -> bool:
    """Whether it is the right of the account that is missing, and not an admission rule or a quota that says no."""
    return _LACKS_RIGHT.match(str(error)) is not None


def yields(applied: ApplyResult, stack: Record, store: Store) -> bool:
    """Whether what holds the name of an object is about to leave it to us.

    A member that turns from a plain service into a stack passes its Service's name from the parent to the child, and
    back; the garbage collector takes a moment for what a deleted child has left.
    """
    holder = applied.record
    if holder is None or applied.verb != "foreign":
        return False
    if holder.deleting:
        return True
    # What nobody owns is collected by nobody: a retained volume, or what somebody made by hand.
    if holder.owner_uid is None or holder.labels.get(naming.LABEL_ROOT) != root_of(stack):
        return False
    owner = store.owner_of(holder)
    if owner is None:  # the garbage collector is on its way, unless the owner was given up with --cascade=orphan
        return applied.age < COLLECTED_SECONDS
    own_gateway = holder.ref.name == stack.ref.name
    return owner.deleting or (own_gateway and owner.uid == stack.owner_uid)


def attribute(found: Mapping[Ref, Problem], manifests: Mapping[Ref, Manifest]) -> Attribution:
    """Sort the problems of objects by the service or child that they are for."""
    services: dict[str, Problem] = {}
    children: dict[str, Problem] = {}
    others: dict[Ref, Problem] = {}
    for ref, problem in found.items():
        manifest = manifests.get(ref)  # None: what could not be removed
        labels = (manifest["metadata"].get("labels") if manifest else None) or {}
        if is_unwritten(problem):
            problem = replace(problem, message=unwritten(ref, problem))
        if ref.kind == STACK.kind:
            children[ref.name] = problem
        elif labels.get(naming.LABEL_COMPONENT) == naming.COMPONENT_GATEWAY:
            services.setdefault("", problem)
        elif naming.LABEL_SERVICE in labels:
            services.setdefault(labels[naming.LABEL_SERVICE], problem)
        else:
            others[ref] = problem
    return Attribution(services, children, others)


def is_unwritten(problem: Problem) -> bool:
    """Whether the object could not be written yet, though nobody forbids it; what has to go first reports that."""
    return problem.transient and problem.reason != DELETING


def unwritten(ref: Ref, problem: Problem) -> str:
    """Why the definition is not acted upon in full."""
    return f"{ref} is not written yet: {problem.message}"


def _causes(error: Invalid) -> str:
    causes = "; ".join(f"{path}: {message}" if path else message for path, message in error.causes[:3])
    return causes or str(error)
