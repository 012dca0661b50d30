"""What operator-chaos is told of this operator is what it does, and each experiment is about an object of its."""

from typing import Any

import pytest

from ailtire_operator.cluster.kinds import CONFIG_MAP, KINDS, OWNED_KINDS, STACK
from chaos.experiments import Experiment, experiments
from chaos.files import EXPERIMENTS, KNOWLEDGE, contents
from chaos.knowledge import RIGHTS, STACKS, knowledge

_MADE_BY_THE_FAULT = {"QuotaExhaustion": "ResourceQuota", "RBACRevoke": "ClusterRoleBinding"}
"""What is no object of the component: the fault makes it, or it is the cluster's."""


@pytest.fixture(scope="module")
def model() -> dict[str, Any]:
    return knowledge()


def managed(model: dict[str, Any], component: str) -> list[dict[str, Any]]:
    return next(each["managedResources"] for each in model["components"] if each["name"] == component)


def test_the_files_are_what_the_operator_renders_now() -> None:
    wanted = contents()
    assert {path: path.read_text() for path in (KNOWLEDGE, *EXPERIMENTS.iterdir())} == wanted


def test_each_stack_of_the_tree_is_a_component_with_objects_of_its_own(model: dict[str, Any]) -> None:
    assert [each["name"] for each in model["components"]] == [*STACKS, RIGHTS]
    kinds = {kind.kind for kind in OWNED_KINDS}
    for stack in STACKS:
        found = managed(model, stack)
        assert {each["kind"] for each in found} <= kinds
        assert all(each["ownerRef"] == STACK.kind for each in found)
        assert {each["labels"]["ailtire.io/stack"] for each in found} == {stack}
        assert all(each["apiVersion"] == KINDS[each["kind"]].api_version for each in found)
    names = [(each["kind"], each["name"]) for stack in STACKS for each in managed(model, stack)]
    assert len(names) == len(set(names))


def test_each_kind_of_object_is_deleted_once(model: dict[str, Any]) -> None:
    deleted = {each.resource.split("/")[0] for each in experiments() if each.injection == "ResourceDeletion"}
    there = {each["kind"] for stack in STACKS for each in managed(model, stack)}
    assert deleted == there
    assert CONFIG_MAP.kind not in there, "its name is made of settings that only a cluster has"


@pytest.mark.parametrize("experiment", list(experiments()), ids=lambda each: each.name)
def test_an_experiment_is_about_an_object_of_its_component(experiment: Experiment, model: dict[str, Any]) -> None:
    kind, name = experiment.resource.split("/")
    if _MADE_BY_THE_FAULT.get(experiment.injection) != kind:
        found = managed(model, experiment.component)
        assert (kind, name) in {(each["kind"], each["name"]) for each in found}
    named = experiment.parameters.get("kind"), experiment.parameters.get("name")
    assert named in {(kind, name), (None, name), (None, None)}
    assert 1 <= experiment.tier <= 5
    blast = experiment.to_yaml()["spec"]["blastRadius"]
    assert blast.get("allowedNamespaces") == (None if experiment.cluster_wide else [experiment.namespace])


def test_each_experiment_has_a_name_of_its_own() -> None:
    names = [each.name for each in experiments()]
    assert len(names) == len(set(names)) == len(list(EXPERIMENTS.iterdir()))
