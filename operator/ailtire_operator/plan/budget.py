"""What a stack may take of its tree's limits: the root all of it, every other what its parent has counted for it.

Each level is written by itself, and a template may grow under a tree that stands. So a parent counts before it writes,
and tells each child how much that is; a child that has become larger meanwhile waits until all above have counted anew.
What the children of a stack are given is together never more than the stack itself has.
"""

from collections.abc import Iterator

from ailtire_operator.model.census import Census
from ailtire_operator.model.limits import TREE_CHARACTER_LIMIT, TREE_LIMIT
from ailtire_operator.model.place import Budget, Place
from ailtire_operator.model.problems import FieldError, InvalidStack
from ailtire_operator.model.service import Service
from ailtire_operator.model.stack import StackSpec
from ailtire_operator.plan.scope import Scope


class Outgrown(InvalidStack):
    """The stack has become larger than what was counted for it. Its parent may be about to count again."""


def check(scope: Scope) -> None:
    """Refuse a stack that has more in it and below it than it may. Raises InvalidStack; below the root, Outgrown."""
    place = scope.spec.place
    if place is None or place.budget is None:  # which an operator has written that knew of no budgets
        if problems := list(excesses(scope.spec, scope.census)):
            raise InvalidStack(problems)
        return
    found = scope.census.stack(scope.spec, place.depth)
    if found.members > place.budget.members:
        raise _outgrown(place, f"{found.members:,} services and stacks, and {place.budget.members:,} were counted")
    if found.characters > place.budget.characters:
        what = f"definitions of {found.characters:,} characters, and {place.budget.characters:,} were counted"
        raise _outgrown(place, what)


def excesses(spec: StackSpec, census: Census) -> Iterator[FieldError]:
    """What a stack has more than a whole tree may have."""
    found = census.stack(spec, spec.place.depth if spec.place else 0)
    if found.members > TREE_LIMIT:
        message = f"the tree has more than {TREE_LIMIT} services and stacks; make several applications of it"
        if circle := census.circle(spec):
            message = f"the tree would never end, as a stack cannot contain itself: {' -> '.join(circle)}"
        yield FieldError("spec.services", message)
    elif found.characters > TREE_CHARACTER_LIMIT:
        message = (
            f"the definitions of the tree's {found.stacks:,} stacks have {found.characters:,} characters together, "
            f"more than {TREE_CHARACTER_LIMIT:,}: each has its own copy of its template, of its inline stacks and of "
            "the images above it; make these smaller, or the stacks fewer"
        )
        yield FieldError("spec.services", message)


def given(scope: Scope, service: Service, place: Place) -> Place:
    """The child's place with what the child may take: what it needs now."""
    found = scope.census.child(service, place)
    members, characters = min(found.members, TREE_LIMIT), min(found.characters, TREE_CHARACTER_LIMIT)
    return place.model_copy(update={"budget": Budget(members=members, characters=characters)})


def _outgrown(place: Place, what: str) -> Outgrown:
    message = (
        f"with what is below it the stack has {what} for it. A template of it has grown, and the tree's root "
        f"'{place.root}' has no room for that: its status says why; make the template smaller, or the tree"
    )
    return Outgrown([FieldError("spec.services", message)])
