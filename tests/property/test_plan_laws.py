"""What holds for the plan of every stack, whatever is in it."""

import copy
import json
import re
from collections import Counter
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from ailtire_operator import naming
from ailtire_operator.model.problems import InvalidStack
from ailtire_operator.plan.types import Plan
from support.generators.laws import CHOICES, STACKS, accepted, by_ref, laws, planned, ref, tree
from support.generators.strategies import Json, leaves

DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
LABEL_VALUE = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")


@laws
@given(STACKS)
def test_the_plan_is_the_same_again(spec: Json) -> None:
    made = accepted(spec)
    again = planned(copy.deepcopy(spec))
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
            # What stands in a child's definition is judged when it is planned.
            for labels in labels_in(manifest["metadata"] if kind == naming.KIND else manifest):
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
@given(STACKS)
def test_selectors_fit_the_pods_and_never_depend_on_what_people_edit(spec: Json) -> None:
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


_CHARACTERS = ".spec.place.budget.characters"


@laws
@given(STACKS, CHOICES)
def test_changing_one_image_changes_one_path_of_one_object(spec: Json, choice: int) -> None:
    """A Job is another one then, as nothing of it can change; and who asked to roll with the service does.

    A child's place says how large its definition is, which a longer name changes: no other path.
    """
    spec.pop("images", None)
    spec.pop("verify", None)  # every image is part of what it checks
    for service in spec["services"].values():
        for dependency in service.get("dependsOn", {}).values():
            dependency.pop("restart", None)
    made = accepted(spec)
    places = [path for path in leaves(spec["services"]) if path[-1] == "image" and "gateway" not in path[1:]]
    assume(places)
    *above, last = places[choice % len(places)]
    edited = copy.deepcopy(spec)
    target: Any = edited["services"]
    for step in above:
        target = target[step]
    target[last] = "edited/once:7"
    before, after = by_ref(made), by_ref(planned(edited))
    workload = made.services.get(str(above[0])) if len(above) == 1 else None
    if workload is not None and workload.kind == "Job":
        assert [kind for kind, _ in before.keys() ^ after.keys()] == ["Job", "Job"]
        return
    assert before.keys() == after.keys()
    found = [(key, path) for key in before for path in differing(before[key], after[key]) if path != _CHARACTERS]
    if len(above) == 1:
        assert [path for _, path in found] == [".spec.template.spec.containers[0].image"]
    elif found:  # a broken child has no object
        assert len(found) == 1
        assert (found[0][0][0], found[0][1].endswith(".image")) == (naming.KIND, True)


_GATEWAY = ("shop", "shop--gateway", "shop--siblings--edge")


@laws
@given(STACKS, CHOICES)
def test_removing_a_service_removes_its_objects_and_its_names(spec: Json, choice: int) -> None:
    made = accepted(spec)
    assume(len(spec["services"]) > 0)
    key = sorted(spec["services"])[choice % len(spec["services"])]
    edited = copy.deepcopy(spec)
    del edited["services"][key]
    after = accepted(edited)
    shared = {"ConfigMap", "EndpointSlice"}
    gateway = {(kind, name) for kind, name in by_ref(made) if name in _GATEWAY}
    gone = {each for each in by_ref(made).keys() - by_ref(after).keys() if each[0] not in shared} - gateway
    gone -= replaced_jobs(made, after)
    own = {naming.member("shop", key), naming.workload("shop", key)}
    own |= {made.services[key].name} if key in made.services else set()
    assert {name for _, name in gone} <= own
    assert all(name not in own for kind, name in by_ref(after) if kind not in shared)
    new = {each for each in by_ref(after).keys() - by_ref(made).keys() if each[0] not in shared}
    assert new - replaced_jobs(after, made) == set()


def replaced_jobs(one: Plan, other: Plan) -> set[tuple[str, str]]:
    """The Jobs of one plan that are others in the other, as their definition differs: what they know of the gateway.

    The check of the stack is another one with each definition.
    """
    jobs = {each.key: each.name for each in one.services.values() if each.kind == "Job"}
    found = {("Job", name) for key, name in jobs.items() if key in other.services and other.services[key].name != name}
    return found | {("Job", each.verification.name) for each in (one, other) if each.verification}


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
