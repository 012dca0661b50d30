"""The JSON Schema for editors, ready to judge documents; made when the first test asks, as each worker imports all."""

from functools import cache

import jsonschema

from ailtire_operator.model.editor_schema import editor_schema


@cache
def validator(*, patch: bool = False) -> jsonschema.Draft7Validator:
    """What judges a whole resource, or a patch of one."""
    return jsonschema.Draft7Validator(editor_schema(patch=patch))
