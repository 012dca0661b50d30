"""The stacks above a stack, as far as they are there and may be asked for."""

from typing import Any

import pytest

from ailtire_operator.cli.failures import Missing
from ailtire_operator.cli.live import Live
from ailtire_operator.cli.outside_reader import whole_tree, with_ancestors
from ailtire_operator.model.limits import DEPTH_LIMIT

Json = dict[str, Any]


def stack(name: str, parent: Any = None, root: Any = None) -> Json:
    place = {"place": {"parent": parent, "root": root or parent, "parentKey": name}} if parent else {}
    return {"metadata": {"name": name}, "spec": place}


class Recorded(Live):
    """Has these stacks, and remembers which ones it was asked for."""

    def __init__(self, *stacks: Json) -> None:
        self.asked: list[str] = []
        self._stacks = {each["metadata"]["name"]: each for each in stacks}

    async def stack(self, name: str) -> Json:
        self.asked.append(name)
        if name not in self._stacks:
            raise Missing(f"there is no {name}")
        return self._stacks[name]

    async def tree(self, name: str) -> list[Json]:
        return [await self.stack(name)]


async def test_the_parent_comes_after_the_stack() -> None:
    live = Recorded(stack("a"), stack("a-b", "a"), stack("a-b-c", "a-b"))
    assert [each["metadata"]["name"] for each in await with_ancestors(live, "a-b-c")] == ["a-b-c", "a-b", "a"]


async def test_one_that_is_gone_ends_them_and_the_stack_itself_has_to_be_there() -> None:
    live = Recorded(stack("a-b", "a"))
    assert [each["metadata"]["name"] for each in await with_ancestors(live, "a-b")] == ["a-b"]
    with pytest.raises(Missing):
        await with_ancestors(live, "a")


async def test_a_circle_ends() -> None:
    assert len(await with_ancestors(Recorded(stack("a", "b"), stack("b", "a")), "a")) == DEPTH_LIMIT


@pytest.mark.parametrize("name", ["../../../../api/v1/secrets", "x?watch=1", "", 7, "A"])
async def test_what_is_no_name_is_never_part_of_an_address(name: Any) -> None:
    live = Recorded(stack("a", name, name))
    assert len(await with_ancestors(live, "a")) == 1
    assert len(await whole_tree(live, "a")) == 1
    assert set(live.asked) == {"a"}
