"""Finds service accounts that the pods of a definition use without a declaration.

Whoever runs a pod with an account has its token, and with it all that the account may do in the cluster and, where a
provider of a cloud trusts the cluster's tokens, there. Kubernetes asks nobody for that right who may create pods. The
author of a stack may not even create those, so an admission policy asks for the right to make such a token, for each
account that a resource declares. It sees neither services nor inline children nor templates. So a pod gets an account
only if the root and each template on the path declare it, also in the root's own services.
"""

from ailtire_operator.model.field_path import FieldPath, path_of
from ailtire_operator.model.problems import FieldError
from ailtire_operator.model.stack import StackSpec


def declared(spec: StackSpec) -> frozenset[str]:
    """The accounts for which the author of this spec was authorized; for a child, those that its place passes on."""
    return frozenset(spec.service_accounts if spec.place is None else spec.place.service_accounts)


def undeclared(spec: StackSpec, above: frozenset[str], path: FieldPath, where: str) -> list[FieldError]:
    """A problem for each service with an account that ``where``, in words, does not declare."""
    return [
        FieldError(
            path_of(path, "services", key, "serviceAccountName"),
            f"not every author may use the service account '{name}', so it must be declared: write "
            f"'serviceAccounts: [{name}]' into the spec of {where}",
        )
        for key, service in spec.plain.items()
        if (name := service.service_account_name) is not None and name not in above
    ]
