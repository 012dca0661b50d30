"""The share of the tree's limits that a stack may use: the root has all of it, a child what its parent counted for it.

Levels are written separately, and a template may grow under an existing tree. So a parent counts before it writes,
and passes the number on in the child's place; a child that is larger by then waits until all above have counted
again. The shares of the children together never exceed the stack's own.
"""

from collections.abc import Iterator

from ailtire_operator.model.census import Census
from ailtire_operator.model.field_path import SPEC, path_of
from ailtire_operator.model.limits import TREE_CHARACTER_LIMIT, TREE_LIMIT
from ailtire_operator.model.place import Budget, Place
from ailtire_operator.model.problems import FieldError, InvalidStack
from ailtire_operator.model.service import Service
from ailtire_operator.model.stack import StackSpec
from ailtire_operator.plan.scope import Scope


class Outgrown(InvalidStack):
    """The stack has become larger than its share. Its parent may be about to count again."""


def check(scope: Scope) -> None:
    """Refuse a stack whose subtree exceeds its share. Raises InvalidStack for the root, Outgrown for a child."""
    place = scope.spec.place
    if place is None or place.budget is None:  # written by a release before budgets
        if problems := list(excesses(scope.spec, scope.census)):
            raise InvalidStack(problems)
        return
    found = scope.census.stack(scope.spec, place.depth)
    if found.members > place.budget.members:
        raise _outgrown(place, f"{found.members:,} services and stacks, more than the {place.budget.members:,} allowed")
    if found.characters > place.budget.characters:
        what = f"definitions of {found.characters:,} characters, more than the {place.budget.characters:,} allowed"
        raise _outgrown(place, what)


def excesses(spec: StackSpec, census: Census) -> Iterator[FieldError]:
    """The limits of a whole tree that the stack exceeds."""
    found = census.stack(spec, spec.place.depth if spec.place else 0)
    if found.members > TREE_LIMIT:
        message = f"the tree has more than {TREE_LIMIT} services and stacks; split it into several applications"
        if circle := census.circle(spec):
            message = f"a stack cannot contain itself: {' -> '.join(circle)}; remove one of these references"
        yield FieldError(path_of(SPEC, "services"), message)
    elif found.characters > TREE_CHARACTER_LIMIT:
        message = (
            f"the definitions of the tree's {found.stacks:,} stacks have {found.characters:,} characters together, "
            f"more than {TREE_CHARACTER_LIMIT:,}: each has a copy of its template, of its inline stacks and of "
            "the images and variables above it; make these smaller, or use fewer stacks"
        )
        yield FieldError(path_of(SPEC, "services"), message)


def given(scope: Scope, service: Service, place: Place) -> Place:
    """The child's place with its share: what the child needs now."""
    found = scope.census.child(service, place)
    members, characters = min(found.members, TREE_LIMIT), min(found.characters, TREE_CHARACTER_LIMIT)
    return place.model_copy(update={"budget": Budget(members=members, characters=characters)})


def _outgrown(place: Place, what: str) -> Outgrown:
    message = (
        f"the stack and those below it have {what}: a template has grown beyond the limits of the tree. "
        f"The status of its root '{place.root}' has the details; make the template or the tree smaller"
    )
    return Outgrown([FieldError(path_of(SPEC, "services"), message)])
