"""Kinds whose right not every author has: what a definition asks for, and who has declared it.

An admission policy asks the author of a resource for the right to each kind that the resource declares, and to the kind
of its own edge. It can look neither into inline children nor into templates, and the operator does not know an author.
So what stands there is made only where the resource in which it stands, and every one above it, declares the kind.
"""

from collections.abc import Iterator

from ailtire_operator.model.place import AdditionalKind
from ailtire_operator.model.problems import FieldError
from ailtire_operator.model.stack import StackSpec


def used(spec: StackSpec) -> Iterator[tuple[str, AdditionalKind]]:
    """What this level asks for itself: the path below its spec, and the kind."""
    if spec.edge is not None and spec.edge.kind == "HTTPRoute":
        yield "edge.kind", spec.edge.kind


def declared(spec: StackSpec) -> frozenset[AdditionalKind]:
    """What the author of a resource with this spec has been asked for; of a child, what its place passes on."""
    if spec.place is not None:
        return frozenset(spec.place.additional_kinds)
    return frozenset([*spec.additional_kinds, *(kind for _, kind in used(spec))])


def undeclared(spec: StackSpec, above: frozenset[AdditionalKind], path: str, where: str) -> list[FieldError]:
    """What a child asks for and those above it (``where``, in words) do not declare."""
    return [
        FieldError(
            f"{path}.{field}",
            f"not every author may create an {kind}, so below the root it has to be declared: write "
            f"'additionalKinds: [{kind}]' into the spec of {where}",
        )
        for field, kind in used(spec)
        if kind not in above
    ]


def other_account(spec: StackSpec, above: str | None, path: str) -> list[FieldError]:
    """The problem of a child that names another service account than its root does (``above``)."""
    if spec.reconcile_as in (None, above):
        return []
    said = f"which says '{above}'" if above else "which names none"
    message = f"the whole tree is written by the rights of one account, that of its root, {said}; name it there"
    return [FieldError(f"{path}.reconcileAs", message)]
