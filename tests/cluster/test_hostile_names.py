"""Names that a terminal, a log or YAML would obey: refused, and said so in a status that can be read."""

import json
from typing import Any

import pytest

from support.kube.trees import Trees, child, service


@pytest.mark.parametrize("control", ["\x9b", "\x1b", "\u2028", "\u202e", "\x7f"], ids=ascii)
def test_a_control_character_in_a_key_of_an_inline_stack_is_told(control: str, trees: Trees) -> None:
    stack = trees.manifest("shop", {"services": {"web": service(), "k": child({f"a{control}b": service()})}})
    trees.kubectl("create", "-f", "-", stdin=json.dumps(stack))  # kubectl applies no such text itself

    def told() -> dict[str, Any]:
        found = trees.condition("shop")
        return found if f"a{ascii(control)[1:-1]}b" in found.get("message", "") else {}

    assert trees.until("told", told)["status"] == "False"
