"""What the NetworkPolicies of any tree admit is what the rule says, pair by pair."""

import os
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from ailtire_operator.model.loading import parse_stack
from ailtire_operator.plan.types import Observed
from lab.paths import ROOT
from support.definitions.stacks import stack
from support.kube.reachability import OUTSIDE, expected, matrix, objects_of

Json = dict[str, Any]
TEMPLATE: Json = {"services": {"api": {"image": "x", "interface": {"/api": {}}}, "db": {"image": "x"}}}
OBSERVED = Observed(templates={"t": parse_stack({"metadata": {"name": "t"}, "spec": TEMPLATE}).spec})
EXAMPLES = int(os.environ.get("AILTIRE_TEST_EXAMPLES", "60"))
_KEYS = st.sampled_from(["web", "db", "api", "a", "b", "policy_engine"])
_NETWORKS = st.dictionaries(
    st.sampled_from(["bus", "t", "u"]),
    st.fixed_dictionaries(
        {},
        optional={
            "name": st.sampled_from(["events", "bus"]),
            "external": st.booleans(),
            "internal": st.booleans(),
        },
    ),
    max_size=2,
)


@st.composite
def trees(draw: DrawFn, depth: int = 2) -> Json:
    """Stacks within stacks, with the same keys everywhere, and networks of every sort."""
    networks = draw(_NETWORKS)
    known = st.sampled_from(["siblings", "children", "parent", *networks])
    services: Json = {}
    for key in draw(st.lists(_KEYS, unique=True, max_size=4)):
        service: Json = {"image": "x"}
        if depth and draw(st.booleans()):
            inline = draw(st.booleans())
            service = {"type": "stack"} | ({"stack": draw(trees(depth - 1))} if inline else {"stackRef": {"name": "t"}})
        if draw(st.booleans()):
            service["interface"] = {f"/{key}": {}}
        service["networks"] = {name: {} for name in draw(st.lists(known, unique=True, max_size=2))}
        services[key] = service
    return {"services": services, "networks": networks}


@given(spec=trees())
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_policies_admit_what_the_rule_says_and_nothing_else(spec: Json) -> None:
    found = matrix(objects_of(stack(spec), OBSERVED))
    inside = {pair for pair in found if OUTSIDE not in pair}
    assert inside == expected(spec, {"t": TEMPLATE})
    assert not any(source == OUTSIDE for source, _ in found)


def test_the_examples_too() -> None:
    for path in sorted((ROOT / "examples").glob("0[1-6]*/stack.yaml")):
        documents = [each for each in yaml.safe_load_all(path.read_text()) if each]
        templates = {each["metadata"]["name"]: each["spec"] for each in documents if each["spec"].get("templateOnly")}
        known = {name: parse_stack({"metadata": {"name": name}, "spec": spec}).spec for name, spec in templates.items()}
        for document in documents:
            if document["metadata"]["name"] not in templates:
                found = matrix(objects_of(stack(document["spec"]), Observed(templates=known)))
                assert {pair for pair in found if OUTSIDE not in pair} == expected(document["spec"], templates), path


def test_a_network_that_two_keys_name_is_one_for_the_children_too() -> None:
    child: Json = {
        "networks": {"bus": {"name": "bus"}},
        "services": {
            "web": {"image": "x", "networks": {"siblings": {}, "bus": {}}},
            "db": {"image": "x", "networks": {"parent": {}, "bus": {}}},
        },
    }
    networks = {"bus": {"external": True}, "t": {"name": "bus"}}
    spec: Json = {"networks": networks, "services": {"web": {"type": "stack", "stack": child}}}
    found = matrix(objects_of(stack(spec), OBSERVED))
    assert ("shop-web-web", "shop-web-db") in found
    assert {pair for pair in found if OUTSIDE not in pair} == expected(spec)
