"""Finds additional kinds (kinds that not every author may create) that a definition uses without a declaration.

An admission policy checks the author's permission for each kind that a resource declares and for the kind of its edge.
It sees neither inline children nor templates, and the operator does not know the author. So these get the kind only
if their resource and all stacks above declare it.
"""

from collections.abc import Iterator

from ailtire_operator.model.field_path import FieldPath, path_of
from ailtire_operator.model.place import AdditionalKind
from ailtire_operator.model.problems import FieldError
from ailtire_operator.model.stack import StackSpec


def used(spec: StackSpec) -> Iterator[tuple[tuple[str, ...], AdditionalKind]]:
    """The kinds that this level uses itself: the path below its spec, and the kind."""
    if spec.edge is not None and spec.edge.kind == "HTTPRoute":
        yield ("edge", "kind"), spec.edge.kind


def declared(spec: StackSpec) -> frozenset[AdditionalKind]:
    """The kinds for which the author of this spec was authorized; for a child, those that its place passes on."""
    if spec.place is not None:
        return frozenset(spec.place.additional_kinds)
    return frozenset([*spec.additional_kinds, *(kind for _, kind in used(spec))])


def undeclared(spec: StackSpec, above: frozenset[AdditionalKind], path: FieldPath, where: str) -> list[FieldError]:
    """A problem for each kind that a child uses and the stacks above (``where``, in words) do not declare."""
    return [
        FieldError(
            path_of(path, *field),
            f"not every author may create an {kind}, so below the root it must be declared: write "
            f"'additionalKinds: [{kind}]' into the spec of {where}",
        )
        for field, kind in used(spec)
        if kind not in above
    ]


def other_account(spec: StackSpec, above: str | None, path: FieldPath) -> list[FieldError]:
    """The problem of a child that names another service account than its root does (``above``)."""
    if spec.reconcile_as in (None, above):
        return []
    said = f"which has '{above}'" if above else "which has none"
    message = f"a tree has one service account, set in its root, {said}; set it there"
    return [FieldError(path_of(path, "reconcileAs"), message)]
