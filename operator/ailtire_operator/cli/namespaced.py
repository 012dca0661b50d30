"""The input of a command by the namespace into which kubectl would put it. Pure."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from ailtire_operator.cli.definitions import Definitions
from ailtire_operator.cli.failures import Failure


def by_namespace(found: Definitions, default: str, asked: str | None) -> Mapping[str, Definitions]:
    """``default`` is that of the context, ``asked`` that of -n. Raises Failure where -n contradicts a file."""
    parts: dict[str, Definitions] = defaultdict(Definitions)
    for definition in found.all:
        own = definition.stack.namespace
        if asked and own and own != asked:
            raise Failure(
                f"{definition.label} is for the namespace '{own}', not for '{asked}'",
                "Leave out -n, or correct the file.",
            )
        stack = definition.stack.model_copy(update={"namespace": own or default})
        placed = replace(definition, stack=stack)
        spec = stack.spec
        part = parts[stack.namespace]
        (part.placed if spec.place else part.templates if spec.is_template else part.roots).append(placed)
    return parts
