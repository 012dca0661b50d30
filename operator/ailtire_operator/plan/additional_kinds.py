"""Checks the additional kinds, accounts and namespaces that a stack uses against its ancestors and the settings.

A stack gets no more than the authors of all stacks above were authorized for. Admission policies check the rest.
"""

from collections.abc import Iterator

from ailtire_operator.model import additional, service_accounts
from ailtire_operator.model.field_path import SPEC, path_of
from ailtire_operator.model.problems import FieldError
from ailtire_operator.plan.scope import Scope


def check(scope: Scope) -> None:
    """Refuse a kind or account that ``spec.place`` does not pass on or that the settings forbid."""
    scope.found.refuse([*_placed(scope), *_accounts_of_pods(scope), *_other_namespaces(scope)])


def _placed(scope: Scope) -> Iterator[FieldError]:
    place = scope.spec.place
    if place is not None:
        above = additional.declared(scope.spec)
        yield from additional.undeclared(scope.spec, above, SPEC, f"the tree's root '{place.root}'")
        yield from additional.other_account(scope.spec, place.reconcile_as, SPEC)


def _accounts_of_pods(scope: Scope) -> Iterator[FieldError]:
    """Service accounts of services that are not declared, at the root too."""
    place = scope.spec.place
    where = f"the tree's root '{place.root}'" if place else "this stack"
    if place is not None and place.templates:
        where += " and of the templates " + ", ".join(f"'{each}'" for each in place.templates)
    yield from service_accounts.undeclared(scope.spec, service_accounts.declared(scope.spec), SPEC, where)


def _other_namespaces(scope: Scope) -> Iterator[FieldError]:
    """References to other namespaces, if the settings forbid them."""
    parent = scope.spec.edge.parent_ref if scope.spec.edge else None
    foreign = parent is not None and parent.namespace not in (None, scope.stack.namespace or None)
    if foreign and scope.settings.no_cross_namespace_references:
        yield FieldError(
            path_of(SPEC, "edge", "parentRef", "namespace"),
            "this operator allows no reference to another namespace; use a Gateway of the stack's own, or ask its "
            "administrator",
            gated=True,
        )
