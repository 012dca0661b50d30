"""What is remembered is bounded by bytes, and what many resources say alike is held once."""

from typing import Any

import orjson
import pytest

from ailtire_operator import naming
from ailtire_operator.cluster import interning
from ailtire_operator.cluster.decoding import decode
from ailtire_operator.cluster.store import Store, record_of
from ailtire_operator.model.problems import InvalidStack
from ailtire_operator.plan.build import plan
from ailtire_operator.plan.types import Observed
from ailtire_operator.reconcile.definitions import KEPT_BYTES, DefinitionCache, Definitions
from ailtire_operator.reconcile.lru_cache import LruCache
from support.definitions import nested
from support.definitions.stacks import SETTINGS
from support.fake_cluster.records import stack as put_stack

Json = dict[str, Any]
FAT: Json = {"services": {}, "images": {f"i{number}": "x" * 180 for number in range(1000)}}


def test_what_was_asked_for_last_stays_as_long_as_there_is_room() -> None:
    kept: LruCache[str] = LruCache(count=3, size=100)
    for key in "abc":
        kept.put(key, key.upper(), 10)
    assert kept.get("a") == "A"
    kept.put("d", "D", 10)
    assert (kept.get("b"), kept.get("a"), len(kept), kept.size) == (None, "A", 3, 30)
    kept.put("e", "E", 75)
    assert (kept.get("c"), kept.get("d"), kept.get("a"), kept.size) == (None, "D", "A", 95)
    kept.put("a", "larger", 50)
    assert (kept.get("a"), kept.get("e"), kept.size) == ("larger", None, 60)
    kept.put("f", "F", 1000)
    assert (kept.get("f"), len(kept), kept.size) == ("F", 1, 1000), "the last one stays, whatever its size"
    kept.pop("f")
    assert (len(kept), kept.size) == (0, 0)


def live(spec: Json, name: str, version: int) -> Json:
    """A stack's resource as the API server sends it: nothing of it is held by anybody else."""
    metadata = {"name": name, "namespace": "n", "uid": name, "resourceVersion": str(version), "generation": 1}
    written = orjson.dumps({"apiVersion": naming.API_VERSION, "kind": naming.KIND, "metadata": metadata, "spec": spec})
    read: Json = orjson.loads(written)
    return read


def place(key: str) -> Json:
    names = {"root": "shop", "parent": "shop", "parentKey": key, "appName": "shop"}
    return {**names, "depth": 1, "images": FAT["images"], "budget": {"members": 0, "characters": 200_000}}


def test_children_of_one_template_hold_its_definition_once() -> None:
    store, before = Store(), interning.count()
    definitions = Definitions(store)
    records = [
        store.put(live({**FAT, "place": place(f"k{number}")}, f"shop-k{number}", number + 1)) for number in range(9)
    ]
    assert all(records)
    specs = [each.summary["spec"] for each in records if each]
    assert len({id(each["images"]) for each in specs}) == 1
    assert len({id(each["place"]["images"]) for each in specs}) == 1, "what they inherit as well"
    typed = [definitions.stack(each).spec for each in records if each]
    assert len({id(each.images) for each in typed}) == 1
    assert [each.place.parent_key for each in typed if each.place] == [f"k{number}" for number in range(9)]
    del specs, records, store
    assert interning.count() <= before + 1, "the last definition that holds a part takes it along"


def test_what_is_not_equal_is_not_shared() -> None:
    store = Store()
    first = store.put(live({**FAT, "images": {**FAT["images"], "i1": "y"}}, "a", 1))
    second = store.put(live(FAT, "b", 2))
    assert first is not None and second is not None
    assert first.summary["spec"]["images"]["i1"] == "y"
    assert second.summary["spec"] == FAT


def test_a_plan_holds_a_template_once_for_all_its_children() -> None:
    store = Store()
    definitions = Definitions(store)
    put_stack(store, "t", {"templateOnly": True, **FAT}, generation=1)
    record = put_stack(
        store, "shop", {"services": {f"k{n}": {"type": "stack", "stackRef": {"name": "t"}} for n in range(9)}}
    )
    made = plan(definitions.stack(record), SETTINGS, Observed(templates=definitions.templates("prod")))
    assert len({id(each["spec"]["images"]) for each in made.objects if each["kind"] == naming.KIND}) == 1


def test_parsed_definitions_are_kept_by_their_size() -> None:
    store, contents = Store(), DefinitionCache()
    for number in range(40):
        spec = {"services": {f"s{each}": {"image": f"x:{number}"} for each in range(500)}}
        contents.stack(put_stack(store, f"shop{number}", spec, generation=1))
    assert contents.bytes <= KEPT_BYTES


def test_templates_are_read_when_somebody_refers_to_them() -> None:
    store = Store()
    definitions = Definitions(store)
    put_stack(store, "good", {"templateOnly": True, "services": {}}, generation=1)
    put_stack(store, "bad", {"templateOnly": True, "services": 3}, generation=1)
    found = definitions.templates("prod")
    assert set(found) == {"good"} and "bad" not in found and len(found) == 1
    assert definitions.has_template("prod", "bad")
    with pytest.raises(KeyError):
        found["bad"]
    with pytest.raises(InvalidStack):
        definitions.stack(put_stack(store, "wrong", {"services": 3}, generation=1))


ODD = [
    "123456789012345678901234567890", "-0.0", "1e308", '"\\u0000"', '"\\ud83d\\ude00"', '"\\u2028"', "[[]]", "{}",
]  # fmt: skip


@pytest.mark.parametrize("odd", ODD)
def test_all_that_is_decoded_can_be_written_again_and_so_be_shared(odd: str) -> None:
    text = f'{{"services":{{"a":{odd},"b":"{"x" * 300}"}},"place":{{"images":{{"a":{odd}}}}}}}'
    record = record_of(decode(resource(text)))
    assert not record.unreadable
    assert record.summary["spec"] == orjson.loads(text)


@pytest.mark.parametrize("shape", nested.SHAPES)
@pytest.mark.parametrize("depth", [100, 120, 128, 200, 300, 3000])
def test_a_definition_that_was_cut_off_is_still_marked_so_when_its_parts_are_shared(shape: str, depth: int) -> None:
    """At no depth does the writing of a part fail."""
    spec = decode(resource(nested.spec(shape, depth)))["spec"]
    made = interning.shared(spec)
    assert made == spec
    assert (type(made), getattr(made, "location", None)) == (type(spec), getattr(spec, "location", None))


@pytest.mark.parametrize("key", ["place", "services"])
def test_a_definition_that_was_cut_off_is_refused_with_and_without_its_place(key: str) -> None:
    record = record_of(decode(resource(f'{{"services":{{}},"place":{{}},"{key}":{nested.lists(300)}}}')))
    with pytest.raises(InvalidStack, match=rf"spec\.{key}.*nested more than 128 levels deep"):
        DefinitionCache().stack(record)


@pytest.mark.parametrize("definition", [None, 3, "text", [1]])
def test_a_definition_that_is_no_map_stays_as_it_is(definition: Any) -> None:
    assert interning.shared(definition) is definition


def resource(spec: str) -> bytes:
    """A stack with a definition, as the API server writes it."""
    metadata = '{"name":"s","namespace":"n","uid":"s","resourceVersion":"1","generation":1}'
    kind = f'"apiVersion":"{naming.API_VERSION}","kind":"{naming.KIND}"'
    return f'{{{kind},"metadata":{metadata},"spec":{spec}}}'.encode()
