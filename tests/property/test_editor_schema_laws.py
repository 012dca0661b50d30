"""What the operator takes, an editor with our schema takes too."""

from hypothesis import example, given

from ailtire_operator import naming
from support.checks.editor import validator
from support.definitions import wide
from support.definitions.stacks import full_spec
from support.generators.laws import STACKS, accepted, laws
from support.generators.strategies import Json


@laws
@given(STACKS)
@example(wide.wide())
@example(full_spec())
def test_no_definition_that_the_operator_takes_is_marked_as_wrong(spec: Json) -> None:
    accepted(spec)
    resource = {"apiVersion": naming.API_VERSION, "kind": naming.KIND, "metadata": {"name": "shop"}, "spec": spec}
    for patch in (False, True):
        errors = validator(patch=patch).iter_errors(resource)
        assert [f"{error.json_path}: {error.message}" for error in errors] == []
