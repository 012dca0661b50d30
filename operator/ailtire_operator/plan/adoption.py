"""Which volume claims of a plan are taken over where somebody else has made them: those that the definition names.

``adopt: true`` needs no declaration at the root: the admission policies ask whoever writes a stack or a template for
the right to change and to delete every claim of the namespace, and what ``reconcileAs`` names writes by its own rights.
"""

from collections.abc import Mapping

from ailtire_operator import naming
from ailtire_operator.model.field_path import SPEC, FieldPath, path_of
from ailtire_operator.plan.types import Plan


def adopted_claims(made: Plan) -> Mapping[str, FieldPath]:
    """By name of a PersistentVolumeClaim that the stack takes over: the path of the volume that names it."""
    return {
        data.claim or naming.volume(made.stack.name, key): path_of(SPEC, "data", key)
        for key, data in made.stack.spec.data.items()
        if data.adopt
    }
