"""Whether the operator would take a definition, asked without a cluster: what is drawn next must not depend on one."""

from typing import Final

from ailtire_operator.model.loading import levels, parse_stack
from ailtire_operator.model.problems import InvalidStack
from ailtire_operator.model.stack import Stack
from ailtire_operator.plan.build import plan
from ailtire_operator.plan.types import Observed
from sequences.schema import Json
from support.definitions.stacks import SETTINGS

_NAME: Final = "shop"


def problem(spec: Json, template: str, definition: Json) -> str:
    """What is wrong with a definition and all that it spells out; empty where nothing is."""
    metadata = {"name": _NAME, "namespace": "n", "uid": "u", "generation": 1}
    try:
        templates = {template: parse_stack({"metadata": metadata, "spec": definition}).spec}
        root = parse_stack({"metadata": metadata, "spec": spec})
        for level in levels(_NAME, root.spec, templates):
            plan(Stack(name=level.name, namespace="n", uid="u", generation=1, spec=level.spec), SETTINGS, Observed())
    except InvalidStack as error:
        return str(error)
    return ""
