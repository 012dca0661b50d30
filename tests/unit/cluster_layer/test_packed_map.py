"""Maps as few bytes: they read and compare like what they were made of."""

import sys
from typing import Any

import pytest

from ailtire_operator.cluster import interning
from ailtire_operator.cluster.interning import shared_map
from ailtire_operator.cluster.packed_map import PackedMap, packed
from ailtire_operator.model.nesting import TooDeep


def _status(ready: str = "True", count: int = 20) -> dict[str, Any]:
    services = {f"s{number}": {"ready": 1, "wanted": 1, "reason": "Ready"} for number in range(count)}
    return {"conditions": [{"type": "Ready", "status": ready}], "services": services, "observedGeneration": 3}


def test_it_reads_like_the_map_and_is_much_smaller() -> None:
    status = _status()
    found = packed(status)
    assert isinstance(found, PackedMap)
    assert sys.getsizeof(found._data) < 300
    assert dict(found) == status
    assert list(found) == list(status)
    assert (len(found), found["observedGeneration"], found.get("none")) == (3, 3, None)
    assert "services" in found
    assert repr(found) == repr(status)


def test_it_is_equal_to_what_has_the_same_content_in_any_order() -> None:
    found = packed(_status())
    assert found == packed(_status())
    assert found == packed(dict(reversed(_status().items())))
    assert found == _status()
    assert found != packed(_status("False"))
    assert found != {}


def test_many_are_open_at_once_and_none_has_the_content_of_another() -> None:
    maps = [packed(_status(str(number))) for number in range(200)]
    assert [each["conditions"][0]["status"] for each in maps] == [str(number) for number in range(200)]


@pytest.mark.parametrize("small", [{}, {"observedGeneration": 1}])
def test_what_is_small_stays_as_it_is(small: dict[str, Any]) -> None:
    assert packed(small) is small


def test_what_was_cut_off_keeps_its_mark() -> None:
    cut = TooDeep(_status(), ("services",))
    assert packed(cut) is cut
    outer = {**_status(), "below": [{"deep": TooDeep({}, ())}]}
    assert packed(outer) is outer


def test_small_maps_of_late_are_remembered_and_no_more() -> None:
    interning.forget_resting()
    for number in range(interning._SMALL_MAPS + 10):
        shared_map({"number": number})
    assert 0 < len(interning._small) <= interning._SMALL_MAPS
    interning.forget_resting()
    assert not interning._small
