"""The bounded YAML reader: as kubectl reads, and never out of bounds."""

import contextlib
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ailtire_operator.cli import output
from ailtire_operator.compose.yaml_data import DEPTH_LIMIT, YamlError, documents, scalar


def read(text: str) -> Any:
    return [value for _, value in documents(text)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", True),
        ("Off", False),
        ("y", True),
        ("N", False),
        ("~", None),
        ("", None),
        ("12:30", "12:30"),
        ("2020-01-01", "2020-01-01"),
        ("2020-01-01T10:00:00Z", "2020-01-01T10:00:00Z"),
        ("010", 8),
        ("08", 8.0),
        ("0o17", 15),
        ("0x1F", 31),
        ("0b101", 5),
        ("-12", -12),
        ("+7", 7),
        ("1_000", 1000),
        ("1e3", 1000.0),
        ("1.", 1.0),
        (".5", 0.5),
        ("1.2.3", "1.2.3"),
        ("v1", "v1"),
        ("500m", "500m"),
        ("-", "-"),
    ],
)
def test_a_scalar_means_what_it_means_to_kubectl(text: str, value: Any) -> None:
    found = scalar(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("text", [".inf", "-.INF", ".nan", "9" * 41, "1e999"])
def test_a_number_that_json_cannot_hold_is_refused(text: str) -> None:
    with pytest.raises(YamlError):
        read(f"a: {text}")


def test_quotes_make_texts_and_keys_are_texts() -> None:
    assert read("{a: '1', b: \"yes\", 3000: 1, true: 2, c: !!str 5}") == [
        {"a": "1", "b": "yes", "3000": 1, "true": 2, "c": "5"}
    ]


def test_documents_come_with_their_lines_and_empty_ones_are_left_out() -> None:
    assert list(documents("# nothing\n---\na: 1\n---\n---\n\nb: 2\n")) == [(3, {"a": 1}), (7, {"b": 2})]


def test_anchors_and_merge_keys_work() -> None:
    text = "base: &b {x: 1, y1: 2}\none: {<<: *b, x: 5}\ntwo: {<<: [*b, {x: 7, z: 1}]}\n"
    assert read(text)[0]["one"] == {"x": 5, "y1": 2}
    assert read(text)[0]["two"] == {"x": 1, "y1": 2, "z": 1}


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("a: 1\nb: 2\na: 3", "the key 'a' is duplicate", 3),
        ("a: [", "this is not YAML", 2),
        ("a:\n\t- 1", "this is not YAML", 2),
        ("a: !!python/object/apply:os.system [ls]", "tag !!python/object/apply:os.system is not supported", 1),
        ("a: !!binary aGVsbG8=", "tag !!binary", 1),
        ("a: &x [*x]", "contains itself", 1),
        ("a: *nobody", "has no anchor", 1),
        ("? [1, 2]\n: 3", "a key must be a string (quote it)", 1),
        ("<<: 5", "'<<' needs a map", 1),
        ("[" * (DEPTH_LIMIT + 2), "nested more than", 1),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, message: str, line: int) -> None:
    with pytest.raises(YamlError, match=re.escape(message)) as caught:
        read(text)
    assert caught.value.line == line


def test_aliases_cannot_grow_without_end() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(YamlError, match="1,000,000 values"):
        read("\n".join(lines))


def test_aliases_cannot_nest_without_end() -> None:
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, DEPTH_LIMIT + 10)]
    with pytest.raises(YamlError, match="nested more than"):
        read("\n".join(lines))


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.text(max_size=20)
    | st.sampled_from(["y", "1e3", "012", "<<", "=", "0o7", "a\nb", "a \nb", "\n", " a"]),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(max_size=8), below, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(min_size=1, max_size=8), VALUES, min_size=1, max_size=4))
def test_what_is_written_reads_back_the_same(value: dict[str, Any]) -> None:
    assert read(output.to_yaml(value)) == [value]


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(YamlError):
        read(text)
