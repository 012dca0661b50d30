"""The text of a gateway's configuration is what crossplane would write, only sooner."""

from typing import Any

import crossplane
from hypothesis import example, given
from hypothesis import strategies as st

from ailtire_operator.plan.gateway.nginx_text import quoted, text

WORDS = st.text(alphabet="a1./:@=~^|*+,%!?<>-_$#{}\"'; \\\n()é\x00", max_size=8)


@given(WORDS)
@example("$a")
@example("a$")
@example("${a}b")
@example("a${")
@example("#a")
@example("")
def test_an_argument_is_quoted_as_crossplane_does_it(word: str) -> None:
    assert f"a {quoted(word)};" == crossplane.build([{"directive": "a", "args": [word]}])


def test_blocks_stand_as_crossplane_sets_them() -> None:
    inner: list[Any] = [
        {"directive": "if", "args": ["$a", "!~", "^(b)$"], "block": [{"directive": "return", "args": ["419"]}]}
    ]
    case = {"directive": "map", "args": ["$a", "$b"], "block": [{"directive": "", "args": [""]}]}
    outer: list[Any] = [
        case,
        {"directive": "daemon", "args": ["off"]},
        {"directive": "server", "args": [], "block": [{"directive": "location", "args": ["/"], "block": inner}]},
        {"directive": "events", "args": [], "block": []},
    ]
    assert text(outer) == crossplane.build(outer, indent=1)
