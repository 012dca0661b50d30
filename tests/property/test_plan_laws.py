"""What holds for the plan of every stack, whatever is in it."""

import copy
import json
import os
import re
from collections import Counter
from typing import Any

import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import wide
from ailtire_operator import naming
from ailtire_operator.model.loading import parse_spec, parse_stack
from ailtire_operator.model.problems import InvalidStack, path_of
from ailtire_operator.plan.build import plan
from ailtire_operator.plan.types import Manifest, Observed, Plan
from stacks import SETTINGS, stack
from strategies import Json, leaves, reordered, specs

TEMPLATES = {
    "shared": parse_spec({"template": True, "services": {"api": {"image": "api:1", "interface": {"/": {}}}}}),
    "looping": parse_spec({"template": True, "services": {"x": {"type": "stack", "stackRef": {"name": "looping"}}}}),
}


class Everywhere(dict[str, tuple[str, ...]]):
    """An address for every Service that anybody asks for."""

    def get(self, name: str, default: object = None) -> tuple[str, ...]:
        number = int(naming.digest(name, 4), 16)
        return (f"10.8.{number // 256}.{number % 256}",)


OBSERVED = Observed(templates=TEMPLATES, addresses=Everywhere())
STACKS = specs(references=["shared", "looping", "missing"])
DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
LABEL_VALUE = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")

EXAMPLES = int(os.environ.get("AILTIRE_TEST_EXAMPLES", "30"))

laws = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))


def planned(spec: Json, observed: Observed = OBSERVED) -> Plan:
    return plan(stack(spec), SETTINGS, observed)


def accepted(spec: Json) -> Plan:
    """The plan of a spec, or no example where the plan refuses it."""
    try:
        return planned(spec)
    except InvalidStack:
        assume(False)
        raise AssertionError from None


def tree(spec: Json) -> list[Plan]:
    """The plans of a stack and all below it, each child from the resource that its parent wrote."""
    found, waiting = [], [stack(spec)]
    while waiting:
        try:
            made = plan(waiting.pop(), SETTINGS, OBSERVED)
        except InvalidStack:
            continue
        found.append(made)
        waiting += [parse_stack(each) for each in made.objects if each["kind"] == naming.KIND]
    return found


def ref(manifest: Manifest) -> tuple[str, str]:
    return manifest["kind"], manifest["metadata"]["name"]


def by_ref(made: Plan) -> dict[tuple[str, str], Manifest]:
    return {ref(each): each for each in made.objects}


@laws
@given(STACKS)
def test_the_plan_is_the_same_again_and_in_any_order_of_keys(spec: Json) -> None:
    made = accepted(spec)
    again = planned(reordered(copy.deepcopy(spec)))
    assert json.dumps(made.objects, sort_keys=True) == json.dumps(again.objects, sort_keys=True)
    assert made.notices == again.notices
    assert (made.services, made.children, made.routes) == (again.services, again.children, again.routes)


@laws
@given(STACKS)
def test_names_and_labels_are_valid_and_names_unique_in_their_kind(spec: Json) -> None:
    for made in tree(spec):
        counted = Counter(map(ref, made.objects))
        assert [each for each, count in counted.items() if count > 1] == []
        for manifest in made.objects:
            kind, name = ref(manifest)
            limit = naming.WORKLOAD_NAME_LIMIT if kind == "StatefulSet" else naming.OBJECT_NAME_LIMIT
            assert DNS_LABEL.fullmatch(name), name
            assert len(name) <= limit
            for labels in labels_in(manifest):
                assert all(isinstance(each, str) and len(each) <= 63 for each in labels.values())
                assert all(LABEL_VALUE.fullmatch(each) for each in labels.values()), labels


def labels_in(value: Any) -> list[dict[str, str]]:
    if isinstance(value, list):
        return [labels for each in value for labels in labels_in(each)]
    if not isinstance(value, dict):
        return []
    own = [each for key, each in value.items() if key in ("labels", "matchLabels")]
    return own + [labels for each in value.values() for labels in labels_in(each)]


@laws
@given(STACKS)
def test_every_object_says_whose_it_is(spec: Json) -> None:
    for made in tree(spec):
        for manifest in made.objects:
            labels = manifest["metadata"]["labels"]
            assert labels[naming.LABEL_MANAGED_BY] == naming.OPERATOR_NAME
            assert labels[naming.LABEL_STACK] == made.stack.name
            assert labels[naming.LABEL_ROOT] == "shop"


@laws
@given(STACKS, st.data())
def test_selectors_fit_the_pods_and_never_depend_on_what_people_edit(spec: Json, data: st.DataObject) -> None:
    made = accepted(spec)
    edited = copy.deepcopy(spec)
    for service in edited["services"].values():
        if "image" in service:
            service["image"] = "other:9"
            service["environment"] = {"EDITED": "yes"}
            service["labels"] = {"edited": "yes"}
            service.pop("networks", None)
    after = by_ref(accepted(edited))
    for manifest in made.objects:
        if manifest["kind"] in ("Deployment", "StatefulSet"):
            selector = manifest["spec"]["selector"]["matchLabels"]
            assert selector.items() <= manifest["spec"]["template"]["metadata"]["labels"].items()
        if "selector" in manifest.get("spec", {}):
            assert after[ref(manifest)]["spec"]["selector"] == manifest["spec"]["selector"]


def differing(one: Any, other: Any, path: str = "") -> list[str]:
    """The paths at which two JSON values differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        keys = sorted({*one, *other})
        return [each for key in keys for each in differing(one.get(key), other.get(key), f"{path}.{key}")]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = enumerate(zip(one, other, strict=True))
        return [each for index, (a, b) in pairs for each in differing(a, b, f"{path}[{index}]")]
    return [] if one == other else [path]


@laws
@given(STACKS, st.data())
def test_changing_one_image_changes_one_path_of_one_object(spec: Json, data: st.DataObject) -> None:
    spec.pop("images", None)
    made = accepted(spec)
    places = [path for path in leaves(spec["services"]) if path[-1] == "image" and "gateway" not in path[1:]]
    assume(places)
    *above, last = data.draw(st.sampled_from(places))
    edited = copy.deepcopy(spec)
    target: Any = edited["services"]
    for step in above:
        target = target[step]
    target[last] = "edited/once:7"
    before, after = by_ref(made), by_ref(planned(edited))
    assert before.keys() == after.keys()
    found = [(key, path) for key in before for path in differing(before[key], after[key])]
    if len(above) == 1:
        assert [path for _, path in found] == [".spec.template.spec.containers[0].image"]
    elif found:  # a broken child has no object
        assert len(found) == 1
        assert (found[0][0][0], found[0][1].endswith(".image")) == (naming.KIND, True)


_GATEWAY = ("shop", "shop--gateway", "shop--siblings--edge")


@laws
@given(STACKS, st.data())
def test_removing_a_service_removes_its_objects_and_its_names(spec: Json, data: st.DataObject) -> None:
    made = accepted(spec)
    assume(len(spec["services"]) > 0)
    key = data.draw(st.sampled_from(sorted(spec["services"])))
    edited = copy.deepcopy(spec)
    del edited["services"][key]
    after = accepted(edited)
    shared = {"ConfigMap", "EndpointSlice"}
    gateway = {(kind, name) for kind, name in by_ref(made) if name in _GATEWAY}
    gone = {each for each in by_ref(made).keys() - by_ref(after).keys() if each[0] not in shared} - gateway
    own = {naming.member("shop", key), naming.workload("shop", key)}
    assert {name for _, name in gone} <= own
    assert all(name not in own for kind, name in by_ref(after) if kind not in shared)
    assert {each for each in by_ref(after).keys() - by_ref(made).keys() if each[0] not in shared} == set()


@laws
@given(STACKS)
def test_no_two_stacks_of_a_tree_share_an_object(spec: Json) -> None:
    """But for the documented case: a key ``a-b`` beside a child ``a`` with a key ``b``."""
    owners: dict[tuple[str, str], list[str]] = {}
    for made in tree(spec):
        for each in made.objects:
            owners.setdefault(ref(each), []).append(made.stack.name)
    for (_, name), stacks in owners.items():
        if len(stacks) > 1:
            assert len(set(stacks)) == len(stacks)
            assert all(name.startswith(owner) for owner in stacks)


# Values that may change without a trace in the plan, each with its reason. Paths are written with / between keys.
INERT = {
    r"(.*/)?networks/[^/]+/(driver|attachable)": "kept for Swarm, documented so",
    r"(.*/)?networks/[^/]+/name": "matters to the stacks below that name it too",
    r"(.*/)?interface/[^/]+/protocol": "http and ws are the same, documented so",
    r".*/policies/logging/level": "debug and info write the same, documented so",
    r".*/deploy/replicas": "left to the autoscaler where there is one, documented so",
    r".*/deploy/endpointMode": "a service without ports has no address to choose",
    r".*/policies/scaling/min": "0 and 1 are one replica",
    r".*/healthcheck/(?!test/0).*": "a check that is off has no timing, and the longer or rounded time counts",
    r".*/updateConfig/(order|delay|monitor)": "the longer of the two counts; one writer's update stops first",
    r".*/rollbackConfig/.*": "counts while the operator rolls back",
    r".*/stackRef/.*": "a template that is missing or holds itself makes no object: its problem is the child's plan",
    r".*/(optional|external|internal|readOnly|retain)": "false is the same as nothing",
}


def changed(value: Any, path: tuple[str | int, ...]) -> Any:
    """Another valid value for a leaf."""
    last = path[-1]
    swaps: dict[Any, Any] = {
        "startFirst": "stopFirst", "stopFirst": "startFirst", "vip": "dnsrr", "dnsrr": "vip", "Disk": "Memory",
        "Memory": "Disk", "restricted": "baseline", "baseline": "restricted", "TCP": "UDP", "UDP": "TCP", "SCTP": "TCP",
        "ReadWriteOnce": "ReadWriteMany", "ReadWriteMany": "ReadWriteOnce", "ReadOnlyMany": "ReadWriteMany",
        "ReadWriteOncePod": "ReadWriteMany", "http": "https", "https": "http", "ws": "https", "tcp": "http",
        "debug": "error", "info": "error", "warn": "none", "error": "none", "none": "warn", "10.0.0.0/8": "10.1.0.0/16",
        "192.0.2.1": "192.0.2.2", "2001:db8::/32": "2001:db8::/33", "kubernetes.io/h2c": "http", "SIGTERM": "SIGINT",
        "SIGINT": "SIGQUIT", "SIGQUIT": "SIGINT", "SIGRTMIN+3": "SIGINT", "/var/run/docker.sock": "/run/docker.sock",
    }  # fmt: skip
    if last in ("type", "kind", "source", "test") or path[-2:-1] == ("test",):
        return None
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if value in swaps:
        return swaps[value]
    if last in ("size", "cpu", "memory"):
        return "7Gi"
    if last in ("interval", "timeout", "startPeriod", "startInterval", "delay", "monitor", "requestTimeout"):
        return "7h"
    if last == "stopGracePeriod":
        return "7h"
    return f"{value}7" if last != "user" else "77:77"


def told(made: Plan, path: tuple[str | int, ...]) -> bool:
    """Whether a notice stands at this value or above it; of a route's policies also one at the route.

    What is wrong with a child, or missing, is told in its plan.
    """
    child = made.children.get(str(path[1])) if path[0] == "services" else None
    if child is not None and (child.missing or child.problem):
        return True
    here = path_of("spec", *path)
    if path[2:3] == ("policies",) and any(
        each.path.startswith(path_of("spec", *path[:2], "interface")) for each in made.notices
    ):
        return True
    return any(here == each.path or here.startswith((f"{each.path}.", f"{each.path}[")) for each in made.notices)


@settings(laws, max_examples=3 * EXAMPLES)
@given(STACKS, st.data())
def test_no_field_is_dead(spec: Json, data: st.DataObject) -> None:
    """Changing any one value of a spec changes the objects or the notices, or a notice says that it has no effect."""
    made = accepted(spec)
    # Much is said of pods, here and below, and shows only where there is one.
    assume(made.services or any(each["kind"] == naming.KIND for each in made.objects))
    places = leaves(spec)
    path = data.draw(st.sampled_from(places))
    text = "/".join(map(str, path))
    assume(not told(made, path) and not any(re.fullmatch(pattern, text) for pattern in INERT))
    edited = copy.deepcopy(spec)
    target: Any = edited
    for step in path[:-1]:
        target = target[step]
    value = changed(target[path[-1]], path)
    assume(value is not None)
    target[path[-1]] = value
    try:
        after = planned(edited)
    except InvalidStack:
        return  # refused: not silent
    assert (made.objects, made.notices) != (after.objects, after.notices), f"{text} -> {value!r}"


def test_no_field_of_a_stack_that_says_everything_is_dead_or_depends_on_the_order_of_keys() -> None:
    """The wide stack of the tables (tests/wide.py), every value of it once."""
    spec: Json = yaml.safe_load(wide.WIDE)

    def wide_plan(edited: Json) -> Plan:
        return plan(stack(edited), wide.SETTINGS, OBSERVED)

    made = wide_plan(spec)
    assert wide_plan(reordered(copy.deepcopy(spec))).objects == made.objects
    dead = []
    for path in leaves(spec):
        text = "/".join(map(str, path))
        if told(made, path) or any(re.fullmatch(pattern, text) for pattern in INERT):
            continue
        edited = copy.deepcopy(spec)
        target: Any = edited
        for step in path[:-1]:
            target = target[step]
        target[path[-1]] = changed(target[path[-1]], path)
        try:
            after = wide_plan(edited)
        except InvalidStack:
            continue
        if (made.objects, made.notices) == (after.objects, after.notices):
            dead.append(text)
    assert dead == []


GARBAGE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["services", "image", "interface", "type", "stack", "a"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@laws
@given(STACKS, st.dictionaries(st.sampled_from(["services", "networks", "data", "edge", "x"]), GARBAGE, max_size=3))
def test_the_plan_of_an_accepted_spec_raises_nothing_but_invalid_stack(spec: Json, garbage: Json) -> None:
    spec["services"]["garbled"] = {"type": "stack", "stack": garbage, "interface": {"/garbled": {}}}
    try:
        made = planned(spec)
    except InvalidStack:
        return
    assert "garbled" in made.children


def test_every_reason_for_an_inert_value_is_still_needed() -> None:
    """A short list stays short."""
    assert len(INERT) <= 12


def test_inherited_and_own_values_that_are_together_too_many_are_the_childs_problem() -> None:
    secrets = [f"s{number}" for number in range(16)]
    child: Json = {"services": {"b": {"type": "stack", "stack": {"services": {}}}}, "imagePullSecrets": secrets}
    root = {
        "imagePullSecrets": [f"r{number}" for number in range(16)],
        "services": {"a": {"type": "stack", "stack": child}},
    }
    made = tree(root)
    assert [each.stack.name for each in made] == ["shop", "shop-a"]
    assert "image_pull_secrets" in str(made[1].children["b"].problem)
