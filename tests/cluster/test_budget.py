"""A tree keeps its limits on a real API server: whatever grows under it, and whatever its copies weigh."""

from typing import Any

from ailtire_operator import naming
from lab import Operator
from support.kube.trees import Trees


def references(count: int, template: str) -> dict[str, Any]:
    member = {"type": "stack", "stackRef": {"name": template, "optional": True}}
    return {"services": {f"k{number}": member for number in range(count)}}


def test_a_template_that_grows_under_a_tree_makes_it_no_larger_than_it_may_be(trees: Trees) -> None:
    """One template of 330 more members, which sixteen stacks of the tree are made from."""
    trees.apply("low", {"templateOnly": True, "services": {}})
    trees.apply("high", {"templateOnly": True, **references(4, "low")})
    trees.apply("shop", references(4, "high"))
    lowest = {f"shop-k{a}-k{b}" for a in range(4) for b in range(4)}
    trees.until("the tree", lambda: lowest <= trees.names(naming.KIND))
    trees.until_ready("shop")
    trees.apply("low", {"templateOnly": True, **references(330, "nothing")})
    stalled = trees.until("the root says so", lambda: trees.condition("shop", "Stalled"))
    assert "spec.services: the tree has more than 5000 services and stacks" in stalled["message"]
    below = trees.until("so do the stacks that would grow", lambda: trees.condition("shop-k0", "Stalled"))
    assert "1,324 services and stacks, more than the 4 allowed" in below["message"]
    assert "The status of its root 'shop' has the details" in below["message"]
    trees.settle()
    assert size_of(trees) == 4 + 16, "nothing of the tree has grown"
    trees.apply("low", {"templateOnly": True, **references(5, "nothing")})
    trees.until("there is room for five", lambda: size_of(trees) == 4 + 16 + 16 * 5)
    trees.until("it is well again", lambda: not trees.condition("shop", "Stalled"))
    trees.until("all of it", lambda: not trees.condition("shop-k0", "Stalled"))
    assert trees.must(naming.KIND, "shop-k0")["spec"]["place"]["budget"]["members"] == 4 + 4 * 5


def size_of(trees: Trees) -> int:
    """Services and stacks of the tree, as its resources have them."""
    stacks = [each["spec"] for each in trees.all_of(naming.KIND) if not each["spec"].get("templateOnly")]
    return sum(len(each.get("services") or {}) for each in stacks)


def test_copies_of_a_large_template_are_counted_and_weigh_little(trees: Trees, operator: Operator) -> None:
    """Ninety-nine would be 19 MB in etcd, and are refused. Forty are allowed: the operator holds what they say once."""
    images = {f"i{number}": "x" * 180 for number in range(1000)}
    trees.apply("fat", {"templateOnly": True, "services": {}, "images": images})
    trees.apply("shop", references(99, "fat"))
    stalled = trees.until("it is refused", lambda: trees.condition("shop", "Stalled"))
    assert "characters together, more than 10,000,000" in stalled["message"]
    assert len(written(trees)) == 2, "the template and the root"
    before = operator.memory
    trees.apply("shop", references(40, "fat"))
    trees.until("all are there", lambda: len(written(trees)) == 42)
    trees.until_ready("shop")
    trees.settle()
    assert operator.memory - before < 64


def written(trees: Trees) -> list[str]:
    """The stacks that are there, by name alone: together their definitions are megabytes."""
    return trees.kubectl("get", naming.PLURAL, "-o", "name").split()
