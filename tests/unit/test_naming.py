"""Names: what a key becomes, how long it may be, and which names can never meet."""

import itertools
import re
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from ailtire_operator import naming
from ailtire_operator.model.keys import MetadataKey

KEYS = {
    "web": "web", "policy_engine": "policy-engine", "childStack": "childstack", "a.b": "a-b", "A__B": "a-b",
    "-a-": "a", "a--b": "a-b", "ü1": "1", "9": "9", "x" * 63: "x" * 63,
}  # fmt: skip
LONG = "x" * 200


@pytest.mark.parametrize(("key", "name"), KEYS.items())
def test_a_key_becomes_part_of_a_dns_label(key: str, name: str) -> None:
    assert naming.sanitize(key) == name


def test_a_key_without_a_usable_character_becomes_its_hash() -> None:
    assert re.fullmatch("x[0-9a-f]{8}", naming.sanitize("äöü"))
    assert naming.sanitize("äöü") != naming.sanitize("ääü")


@pytest.mark.parametrize(
    ("text", "valid"),
    [("web", True), ("a-b", True), ("9", True), ("-a", False), ("a-", False), ("A", False), ("a_b", False), ("", False),
     ("x" * 63, True), ("x" * 64, False), ("a.b", False)],
)  # fmt: skip
def test_a_dns_label_is_told_from_other_texts(text: str, valid: bool) -> None:
    assert naming.is_dns_label(text) is valid


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        (naming.member("shop", LONG), 63),
        (naming.member(LONG, "web"), 63),
        (naming.workload("shop", LONG), 52),
        (naming.volume("shop", LONG), 63),
        (naming.gateway(LONG), 63),
        (naming.gateway_config(LONG, "text"), 63),
        (naming.network_policy(LONG, LONG, "members"), 63),
        (naming.zone(LONG, LONG), 12),
        (naming.zone_slice(LONG, LONG, "IPv4", 12), 63),
        (naming.label_value(LONG), 63),
    ],
)
def test_a_name_of_200_characters_is_cut_and_hashed(name: str, limit: int) -> None:
    assert len(name) <= limit
    assert naming.is_dns_label(name)


def test_long_names_that_differ_at_their_end_stay_apart() -> None:
    assert naming.member("shop", LONG + "a") != naming.member("shop", LONG + "b")
    assert naming.workload("shop", "x" * 60 + "a") != naming.workload("shop", "x" * 60 + "b")


def test_a_cut_name_has_no_hyphen_before_its_hash_twice() -> None:
    assert "--" not in naming.shorten("a" * 53 + "-" + "b" * 20)


def test_what_fits_is_kept_as_it_is() -> None:
    assert naming.shorten("a" * 63) == "a" * 63
    assert naming.member("shop", "web") == "shop-web"


def test_no_name_of_a_stacks_own_objects_can_be_a_members() -> None:
    """A member's name has no double hyphen, and a stack's own objects' names have one (or are the stack's name)."""
    stacks, keys = ["shop", "a-b", "z"], ["gateway", "data", "siblings--members", "-x-", "a--b", "z", "web"]
    members = {naming.member(stack, key) for stack, key in itertools.product(stacks, keys)}
    assert not any("--" in name for name in members)
    for stack, key in itertools.product(stacks, keys):
        own = [naming.gateway(stack), naming.volume(stack, key), naming.network_policy(stack, key)]
        own.append(naming.gateway_config(stack, key))
        assert all("--" in name for name in own)


def test_a_stack_and_a_key_cannot_be_told_from_a_child_and_its_key() -> None:
    """The documented case: the first owner keeps the name, and both say so."""
    assert naming.member("shop", "a-b") == naming.member(naming.member("shop", "a"), "b")


def test_a_network_is_told_from_all_others_of_the_namespace() -> None:
    owners, networks = ["shop", "shop-a"], ["siblings", "a/siblings", "telemetry"]
    zones = {naming.zone(owner, network) for owner, network in itertools.product(owners, networks)}
    assert len(zones) == 6
    assert all(re.fullmatch("z-[0-9a-f]{10}", zone) for zone in zones)


@pytest.mark.parametrize(
    ("text", "value"),
    [("shop", "shop"), ("My.App_1", "My.App_1"), ("a b/c", "a-b-c"), ("äöü", ""), ("--x--", "x"), ("", "")],
)
def test_any_text_becomes_a_label_value(text: str, value: str) -> None:
    assert naming.label_value(text) == value


@pytest.mark.parametrize(
    ("key", "reserved"),
    [
        ("ailtire.io/stack", True), ("network.ailtire.io/x", True), ("app.kubernetes.io/name", True),
        ("kubernetes.io/x", True), ("k8s.io/x", True), ("node.k8s.io/x", True), ("example.com/x", False),
        ("team", False), ("notailtire.io/x", False), ("kubernetes.io", False),
    ],
)  # fmt: skip
def test_labels_of_kubernetes_and_of_ours_are_reserved(key: str, reserved: bool) -> None:
    try:
        TypeAdapter(MetadataKey).validate_python(key)
    except ValidationError as error:
        assert reserved
        assert "is reserved for Kubernetes and this operator" in str(error)
    else:
        assert not reserved


@pytest.mark.parametrize(
    "root", [None, "", 7, ["a"], {}, "../x", "a/b", "a,b=c", "a?b", "a b", "A", "a.b", "a\n", "x" * 254], ids=repr
)
def test_no_place_leads_to_another_address_or_selector(root: object) -> None:
    assert naming.root_of("leaf", {"root": root}) == "leaf"
    assert naming.root_of("leaf", {}) == "leaf"


def test_a_place_says_which_root_it_is_of() -> None:
    assert naming.root_of("shop-leaf", {"root": "shop", "parent": "shop"}) == "shop"


def test_nobody_else_reads_a_root_from_a_place() -> None:
    """But the operator, which makes neither an address nor a selector of it."""
    source = Path(naming.__file__).parent
    readers = {str(file.relative_to(source)) for file in source.rglob("*.py") if 'get("root")' in file.read_text()}
    assert readers == {"naming.py", "reconcile/definitions.py", "cli/revisions.py"}
