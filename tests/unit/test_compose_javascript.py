"""services.js is parsed as data: upstream's real syntax works, whatever is not data is an error that names it."""

import re
from typing import Any

import pytest

from ailtire_operator.compose.errors import JavaScriptError
from ailtire_operator.compose.files import SIZE_LIMIT
from ailtire_operator.compose.services_js.javascript import DEPTH_LIMIT, NODE_LIMIT, Duplicate, parse_module
from ailtire_operator.model.field_path import FieldPath
from support.checks import costs


def parse(text: str) -> Any:
    return parse_module(text, name="deploy/services.js").data


def value(text: str) -> Any:
    return parse(f"module.exports = {{a: {text}}}")["a"]


def refusal(text: str) -> str:
    with pytest.raises(JavaScriptError) as caught:
        parse(text)
    return str(caught.value)


def test_upstreams_real_syntax() -> None:
    text = """/* A licence
     * module.exports = { not: this }
     */
    // and a line
    module.exports = {
        services: {
            /* admin: { image: "x" }, */
            web: {
                image: 'shop_web', // one quote
                "interface": {
                    "/web": { path: '/', port: 3000, protocol:"http"},
                },
                environment: { },
            },
        },
        interface: {
            ports: {
                80: 3000,
                443: 3000,
            }
        },
    }
    // the end
    """
    assert parse(text) == {
        "services": {
            "web": {
                "image": "shop_web",
                "interface": {"/web": {"path": "/", "port": 3000, "protocol": "http"}},
                "environment": {},
            }
        },
        "interface": {"ports": {"80": 3000, "443": 3000}},
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("true", True),
        ("null", None),
        ("3.0", 3),
        ("-1.5", -1.5),
        ("+2", 2),
        (".5e1", 5),
        ("0x1F", 31),
        ("1_000", 1000),
        ("12345678901234567890", 12345678901234567000.0),
        ("[1, 'two', [], ]", [1, "two", []]),
        (r"'it\'s \u0041\x42\u{43}\t\0'", "it's ABC\t\0"),
        (r"'\ud83d\ude00'", "\U0001f600"),
        ("'one \\\nline'", "one line"),
        ("`plain\ntemplate \\${x}`", "plain\ntemplate ${x}"),
        ("'http://x/*not a comment*/'", "http://x/*not a comment*/"),
        ("'<%= escaped %>'", "<%= escaped %>"),
    ],
)
def test_values(text: str, expected: Any) -> None:
    found = value(text)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("80", "80"),
        ("0x50", "80"),
        ("1e3", "1000"),
        (".5", "0.5"),
        ("$a_1", "$a_1"),
        ("'/x y'", "/x y"),
        ("class", "class"),
    ],
)
def test_keys_are_spelled_as_javascript_spells_them(key: str, expected: str) -> None:
    assert parse(f"module.exports = {{{key}: 1}}") == {expected: 1}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("function () { return 1 }", "'module.exports.a' is a function"),
        ("() => 1", "an expression or a function"),
        ("async () => 1", "a function"),
        ("require('./other')", "a call (require)"),
        ("process.env.HOME", "process"),
        ("new Date()", "a call (new)"),
        ("`x${1}`", "template literal with ${...}"),
        ("`\\\\${1}`", "template literal with ${...}"),
        ("other", "'other', a variable"),
        ("undefined", "undefined"),
        ("NaN", "NaN"),
        ("-Infinity", "an expression ('-Infinity')"),
        ("/re/", "a regular expression"),
        ("'a' + 'b'", "an expression (''a' + 'b'')"),
        ("1 + 2", "an expression ('1 + 2')"),
        ("'a'.length", "an expression (''a'.length')"),
        ("!0", "an expression ('!0')"),
        ("[1,,2]", "'module.exports.a[1]' is ','"),
        ("[...b]", "a spread"),
        ("010", "not a decimal number"),
        ("3px", "not a decimal number"),
        ("1n", "not a decimal number"),
        ("1e999", "too large"),
        (r"'\u12'", "starts no escape"),
        (r"'\07'", "starts no escape"),
        (r"'\u{110000}'", "is not a character"),
        (r"'\ud800'", "surrogate"),
        ("'open", "a string is not closed"),
        ("`", "a string is not closed"),
        ("`\u2028", "a string is not closed"),
        ("'line\nbreak'", "a string is not closed"),
        ("/* open", "a comment is not closed"),
        ("{b}", "'module.exports.a.b' is a method, an accessor or a variable"),
        ("{b() {}}", "'module.exports.a.b' is a method"),
        ("{get b() {}}", "'module.exports.a.b' is a method, an accessor"),
        ("{[b]: 1}", "a computed key"),
        ("{...b}", "a spread"),
        ("{__proto__: {}}", "__proto__"),
        ("{d: 1 c: 2}", "found 'c' where ',' or a closing bracket is expected"),
        ("{b: 1", "the end of the file"),
    ],
)
def test_what_is_not_data_is_named(text: str, named: str) -> None:
    message = refusal(
        f"module.exports = {{\n a: {text}}}" if not text.startswith("{b: 1") else f"module.exports = {{\n a: {text}"
    )
    assert named in message
    assert re.match(r"deploy/services\.js:[1-9][0-9]*:[1-9][0-9]*: ", message)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "exports = {}",
        "module.exports",
        "module.exports == {}",
        "'module'.exports = {}",
        "const a = 1; module.exports = {a: 1}",
        "export default {}",
        "services:\n  web: {}\n",
    ],
)
def test_only_an_export_is_read(text: str) -> None:
    assert "expected module.exports" in refusal(text) or "is" in refusal(text)


def test_nothing_may_follow_the_export() -> None:
    assert "'module' follows it" in refusal("module.exports = {}; module.exports.a = 1")
    assert parse("'use strict';\nmodule.exports = {};") == {}


def test_the_last_of_two_keys_counts_and_both_are_told() -> None:
    module = parse_module("module.exports = {services: {web: 1,\n 'web': 2}, a: [{b: 1, b: 3}]}", name="x")
    assert module.data == {"services": {"web": 2}, "a": [{"b": 3}]}
    assert module.duplicates == (Duplicate(FieldPath("services", ("web",)), 2), Duplicate(FieldPath("a", (0, "b")), 2))


def test_limits_are_named() -> None:
    deep = "[" * (DEPTH_LIMIT + 2) + "]" * (DEPTH_LIMIT + 2)
    assert f"more than {DEPTH_LIMIT} levels" in refusal(f"module.exports = {deep}")
    assert f"more than {NODE_LIMIT} values" in refusal(f"module.exports = [{'1,' * NODE_LIMIT}]")
    assert f"larger than {SIZE_LIMIT} bytes" in refusal("//" + "ä" * (SIZE_LIMIT // 2))


@pytest.mark.parametrize(
    "text",
    [
        "/*" * 500_000,
        "/**" + "/ *" * 300_000,
        "'" + "\\'" * 500_000,
        "`" + "\\" * 1_000_000,
        "module.exports = '" + "\\u" * 400_000 + "'",
        "module.exports = `" + "\\\\" * 200_000 + "${`",
        "module.exports = " + "9" * 1_000_000,
        "module.exports = " + "1_" * 500_000,
        "module.exports = 0x" + "f" * 1_000_000,
        "module.exports = " + "{a:" * 300_000,
        "\n" * 1_000_000 + "x",
    ],
    ids=lambda text: text[:24],
)
def test_hostile_texts_fail_soon(text: str) -> None:
    costs.check(lambda: refuse(text), loops=500)


def refuse(text: str) -> None:
    with pytest.raises(JavaScriptError) as caught:
        parse_module(text, name="x")
    assert len(str(caught.value)) < 500
