"""Paths into a tree: what they lead to, and what is said where they lead nowhere."""

from typing import Any

import pytest

from ailtire_operator.cli.failures import Exit, Failure, Missing
from ailtire_operator.cli.paths import find, parts, paths, suggestions

Resource = dict[str, Any]


def stack(name: str, parent: str = "", key: str = "", services: Resource | None = None) -> Resource:
    place = {"place": {"parent": parent, "parentKey": key, "root": "shop"}} if parent else {}
    return {"metadata": {"name": name, "uid": name}, "spec": {"services": services or {}, **place}}


TREE = [
    stack("shop", services={"web": {"image": "x"}, "cpl": {"type": "stack"}, "pay": {"type": "stack"}}),
    stack("shop-cpl", "shop", "cpl", {"policy_engine": {"image": "x"}, "dataMgmt": {"type": "stack"}}),
    stack("shop-cpl-datamgmt", "shop-cpl", "dataMgmt", {"web": {"image": "x"}}),
]


@pytest.mark.parametrize(
    ("path", "name", "key", "full"),
    [
        ("shop", "shop", "", "shop"),
        ("shop/", "shop", "", "shop"),
        ("shop/web", "shop", "web", "shop/web"),
        ("shop/cpl", "shop-cpl", "", "shop/cpl"),
        ("shop/cpl/policy-engine", "shop-cpl", "policy_engine", "shop/cpl/policy_engine"),
        ("shop/cpl/datamgmt/web", "shop-cpl-datamgmt", "web", "shop/cpl/dataMgmt/web"),
        ("shop-cpl/dataMgmt", "shop-cpl-datamgmt", "", "shop/cpl/dataMgmt"),
    ],
)
def test_a_path_leads_to_a_stack_or_a_service(path: str, name: str, key: str, full: str) -> None:
    spot = find(path, TREE)
    assert (spot.name, spot.key, spot.path) == (name, key, full)


@pytest.mark.parametrize(
    ("path", "message", "hint", "code"),
    [
        ("shop/wbe", "no 'wbe' in shop", "Did you mean web? It holds: cpl, pay, web.", Exit.MISSING),
        ("shop/cpl/x", "no 'x' in shop/cpl", "It holds: dataMgmt, policy_engine.", Exit.MISSING),
        ("shop/pay/api", "shop/pay is declared, but has not been made", "tree shop", Exit.MISSING),
        ("shop/web/x", "shop/web is a service", "", Exit.TROUBLE),
    ],
)
def test_where_nothing_is_it_says_what_is(path: str, message: str, hint: str, code: Exit) -> None:
    with pytest.raises(Failure) as caught:
        find(path, TREE)
    assert message in str(caught.value)
    assert hint in caught.value.hint
    assert caught.value.code is code


def test_what_is_no_path_is_refused() -> None:
    for text in ("", "/", "shop//web"):
        with pytest.raises(Failure, match="is no path") as caught:
            parts(text)
        assert not isinstance(caught.value, Missing)


def test_paths_start_at_the_root_even_where_that_is_not_at_hand() -> None:
    assert paths(TREE[1:]) == {"shop-cpl": "shop/cpl", "shop-cpl-datamgmt": "shop/cpl/dataMgmt"}
    circle = [stack("a", "b", "x"), stack("b", "a", "y")]
    assert set(paths(circle)) == {"a", "b"}


def test_the_shell_is_offered_one_level_more() -> None:
    assert set(suggestions("sh", TREE)) == {"shop", "shop/web", "shop/cpl", "shop/pay"}
    assert set(suggestions("shop/c", TREE)) == {"shop/cpl", "shop/cpl/policy_engine", "shop/cpl/dataMgmt"}
    assert set(suggestions("shop/cpl/dataMgmt/", TREE)) == {"shop/cpl/dataMgmt/web"}
    names = {each["metadata"]["name"] for each in TREE if each["metadata"]["name"].startswith("shop-")}
    assert names
    assert set(suggestions("shop-", TREE)) == names, "a child has a name of its own too"
