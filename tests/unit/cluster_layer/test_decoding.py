"""Objects out of bytes: one that nests too deep hides no other, and loses nothing but what nests too deep."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ailtire_operator.cluster.decoding import decode, shallow
from ailtire_operator.cluster.kinds import Ref
from ailtire_operator.cluster.store import Store, record_of
from ailtire_operator.model.nesting import NESTING_LIMIT, TooDeep, is_deeper
from ailtire_operator.reconcile.metrics import Unreadable
from support.checks import costs
from support.definitions import nested

DEPTHS = (100, 127, 300, 1_000, 1_024, 1_025, 3_000, 9_000)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.text(alphabet='a"\\[]{}é', max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(alphabet='a"\\[]{}', max_size=4), inner, max_size=3)
    ),
    max_leaves=20,
)


def stack(name: str, spec: str = "{}", *, version: int = 5, managers: str = "[]", uid: str = "") -> str:
    metadata = (
        f'"name":"{name}","namespace":"prod","uid":"{uid or name}","resourceVersion":"{version}","generation":3,'
        f'"labels":{{"ailtire.io/stack":"{name}"}},"managedFields":{managers}'
    )
    status = '"status":{"observedGeneration":2}'
    return (
        f'{{"apiVersion":"ailtire.io/v1alpha1","kind":"AiltireStack","metadata":{{{metadata}}},"spec":{spec},{status}}}'
    )


def page(*items: str) -> bytes:
    return f'{{"kind":"List","metadata":{{"resourceVersion":"9"}},"items":[{",".join(items)}]}}'.encode()


@pytest.mark.parametrize("shape", nested.SHAPES)
@pytest.mark.parametrize("depth", DEPTHS)
def test_a_list_is_complete_whatever_one_of_its_objects_holds(shape: str, depth: int) -> None:
    answer = decode(page(stack("first"), stack("deep", nested.spec(shape, depth)), stack("last")))
    assert [each["metadata"]["name"] for each in answer["items"]] == ["first", "deep", "last"]
    first, deep, last = map(record_of, answer["items"])
    assert not first.unreadable
    assert not last.unreadable
    assert (deep.uid, deep.generation, deep.labels) == ("deep", 3, {"ailtire.io/stack": "deep"})
    assert deep.summary["status"] == {"observedGeneration": 2}
    assert deep.summary["spec"]["services"]["a"]["type"] == "stack"
    assert not is_deeper(answer["items"][1], NESTING_LIMIT + 1)
    assert bool(deep.unreadable) == (shape == "stacks" or depth > NESTING_LIMIT - 4)
    if deep.unreadable:
        assert deep.unreadable.startswith("spec.services.a.stack")
        assert "nested more than 128 levels deep" in deep.unreadable


@pytest.mark.parametrize("depth", DEPTHS)
def test_an_event_and_an_answer_are_read_like_an_item_of_a_list(depth: int) -> None:
    text = stack("deep", nested.spec("lists", depth))
    event = decode(f'{{"type":"ADDED","object":{text}}}'.encode())
    answer = decode(text.encode())
    assert isinstance(event["object"]["spec"], TooDeep) == (depth > NESTING_LIMIT - 4)
    assert record_of(event["object"]) == record_of(answer)


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("manager", ["ailtire-operator", "somebody"])
def test_a_list_of_field_managers_that_is_too_deep_says_nothing_of_the_object(manager: str, depth: int) -> None:
    entry = f'{{"manager":"{manager}","operation":"Apply","fieldsV1":{{"f:spec":{nested.fields(depth)}}}}}'
    own = '{"manager":"other","operation":"Update","fieldsV1":{"f:spec":{}}}'
    record = record_of(decode(stack("web", '{"suspend":true}', managers=f"[{own},{entry}]").encode()))
    assert not record.unreadable
    assert record.summary["spec"] == {"suspend": True}
    assert record.labels


@pytest.mark.parametrize(
    "fields",
    [
        {"f:spec": {"f:a": {'k:{"name":"x"}': {}}}},
        {"f:spec": {"f:a": {"k:no JSON": {}}}},
        {"f:spec": {"f:a": {"k:[1]": {}}}},
        {"f:spec": {"f:a": {"v:no JSON": {}}}},
        {"f:spec": {"f:a": {f"v:{nested.lists(5_000)}": {}}}},
        {"f:spec": {"f:b": {'k:{"name":"x"}': {}}}},
        {"f:spec": 1},
        {"f:spec": {"f:a": []}},
        [1],
        "text",
    ],
)
def test_fields_that_make_no_sense_for_the_object_hide_it_from_nobody(fields: Any) -> None:
    entry = {"manager": "ailtire-operator", "operation": "Apply", "fieldsV1": fields}
    text = stack("web", '{"a":[1,[2]],"b":[{"name":[]}]}', managers=orjson.dumps([entry]).decode())
    assert record_of(decode(text.encode())).ref.name == "web"


def test_many_values_of_a_set_take_time_by_their_number() -> None:
    numbers = range(20_000)
    fields: Any = {"f:spec": {"f:a": {f"v:{number}": {} for number in numbers}}}
    entry = {"manager": "ailtire-operator", "operation": "Apply", "fieldsV1": fields}
    obj = decode(stack("web", f'{{"a":{list(numbers)}}}', managers=orjson.dumps([entry]).decode()).encode())
    costs.check(lambda: record_of(obj), loops=100)  # by the square it is a minute


@given(JSON, st.integers(1, 5))
def test_cutting_text_leaves_json_of_which_only_the_deepest_is_gone(value: Any, limit: int) -> None:
    text = orjson.dumps(value)
    cut = orjson.loads(shallow(text, limit))
    assert not is_deeper(cut, limit + 1)
    assert is_deeper(cut, limit) == is_deeper(value, limit)
    if not is_deeper(value, limit):
        assert cut == value


@given(JSON)
def test_what_is_not_deep_is_decoded_as_it_is(value: Any) -> None:
    assert decode(orjson.dumps({"kind": "Thing", "spec": value})) == {"kind": "Thing", "spec": value}


@pytest.mark.parametrize("text", [b"", b"no JSON", b"[" * 5_000, b'{"a": "', b'"' + b'\\"' * 100_000, b"]" * 9, b"{]"])
def test_what_is_no_json_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(text)


def test_time_grows_with_the_length_alone() -> None:
    deep = f'{{"a":{nested.lists(5_000)},"b":[{"[]," * 400_000}1]}}'.encode()
    quotes = b'"' + b'\\"' * 700_000 + b"\\"
    costs.check(lambda: decode(b'{"kind":"x","spec":' + deep + b"}"), loops=500)  # by the square it is an hour
    costs.check(lambda: refused(quotes), loops=500)


def refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(text)


def test_each_unreadable_object_is_named_once_for_each_definition_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    store, counts = Store(), [0]

    def count(kind: str, change: int) -> None:
        assert kind == "AiltireStack"
        counts[0] += change

    Unreadable(store, count)

    def put(text: str) -> None:
        store.put(decode(text.encode()))

    deep = nested.spec("lists", 5_000)
    put(stack("deep", deep, version=5))
    put(stack("deep", deep, version=5))
    put(stack("deep", deep, version=6).replace('"observedGeneration":2', '"observedGeneration":3'))
    assert counts == [1]
    (line,) = caplog.messages
    assert line.startswith("AiltireStack deep in the namespace prod cannot be read: spec.services.a.stack")
    put(stack("deep", deep, version=7).replace('"generation":3', '"generation":4'))
    assert (counts, len(caplog.messages)) == ([1], 2)
    put(stack("deep", version=8))
    assert counts == [0]
    put(stack("deep", deep, version=9))
    store.remove(Ref("AiltireStack", "prod", "deep"), "deep")
    assert counts == [0]
