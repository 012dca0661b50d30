"""services.js: data survives every spelling, and any other text is a clear error."""

import json
import re
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from ailtire_operator.compose.errors import JavaScriptError
from ailtire_operator.compose.services_js.javascript import parse_module

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"])),
)
DATA = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"])).filter(lambda key: key != "__proto__"), inner, max_size=4
        )
    ),
    max_leaves=20,
)
GAPS = st.sampled_from(["", " ", "\n", "\t", "/* , } */", "// ' {\n", "/**/", "\r\n"])


@st.composite
def written(draw: st.DrawFn, data: Any) -> str:
    """Data as a person might write it in services.js."""

    def text(content: str) -> str:
        quote = draw(st.sampled_from("'\""))
        body = json.dumps(content, ensure_ascii=draw(st.booleans()))[1:-1].replace('\\"', '"')
        return quote + body.replace(quote, f"\\{quote}") + quote

    def key(name: str) -> str:
        bare = re.fullmatch(r"[A-Za-z_$][\w$]*|0|[1-9][0-9]{0,8}", name, re.ASCII)
        return name if bare and draw(st.booleans()) else text(name)

    def gap() -> str:
        return draw(GAPS)

    def entries(items: list[str], opening: str, closing: str) -> str:
        trailing = draw(st.sampled_from(["", ","])) if items else ""
        return opening + gap() + (gap() + "," + gap()).join(items) + trailing + gap() + closing

    def form(each: Any) -> str:
        if isinstance(each, dict):
            return entries([key(name) + gap() + ":" + gap() + form(inner) for name, inner in each.items()], "{", "}")
        if isinstance(each, list):
            return entries([form(inner) for inner in each], "[", "]")
        return text(each) if isinstance(each, str) else json.dumps(each)

    return f"{gap()}module.exports{gap()}={gap()}{form(data)}{draw(st.sampled_from(['', ';']))}{gap()}"


def as_javascript(data: Any) -> Any:
    """Python's numbers as JavaScript has them: one kind, so that 3.0 is 3."""
    if isinstance(data, dict):
        return {key: as_javascript(inner) for key, inner in data.items()}
    if isinstance(data, list):
        return [as_javascript(inner) for inner in data]
    if isinstance(data, float) and data.is_integer() and abs(data) <= 2**53:
        return int(data)
    return data


@settings(deadline=None)
@given(st.data())
def test_data_survives_every_spelling(drawn: st.DataObject) -> None:
    data = drawn.draw(DATA)
    text = drawn.draw(written(data))
    assert parse_module(text, name="services.js").data == as_javascript(data)


FRAGMENTS = st.lists(
    st.sampled_from(
        [
            "module.exports = ",
            "{",
            "}",
            "[",
            "]",
            "(",
            ")",
            ",",
            ":",
            ";",
            "'",
            '"',
            "`",
            "\\",
            "/*",
            "*/",
            "//",
            "\n",
            "a",
            "80",
            "0x",
            "...",
            "=>",
            "${",
            ".",
            "-",
            "null",
            "function",
            "\ud800",
            "\x00",
            "ſ",
            "٣",
            "\u2028",
        ]
    )
).map("".join)


@settings(deadline=None)
@given(st.one_of(st.text(), FRAGMENTS, FRAGMENTS.map(lambda text: f"module.exports = {{a: {text}}}")))
@example("module.exports = {a: '\ud800'}")
@example("module.exports = ٣")
@example("module.exports = {a: 1²}")
def test_nothing_but_a_clear_error_is_raised(text: str) -> None:
    try:
        parse_module(text, name="x.js")
    except JavaScriptError as error:
        assert str(error).startswith("x.js:")
