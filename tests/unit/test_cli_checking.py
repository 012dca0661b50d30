"""``validate`` with the trees that a cluster has: which of them use a template of the files, and stay valid."""

from typing import Any

from ailtire_operator import naming
from ailtire_operator.cli.checking import Check
from ailtire_operator.cli.definitions import Definitions, collect
from ailtire_operator.cli.namespaced import by_namespace
from ailtire_operator.cli.sources import Document
from ailtire_operator.cli.tree_impacts import Verdict
from support.definitions.stacks import SETTINGS

Json = dict[str, Any]
MOUNTS = {"one": {"target": "/x"}, "two": {"target": "/x"}}


def stack(name: str, services: Json, **fields: Any) -> Json:
    metadata = {"name": name, "namespace": "prod"}
    spec = {"services": services, **fields}
    return {"apiVersion": naming.API_VERSION, "kind": naming.KIND, "metadata": metadata, "spec": spec}


def service(**fields: Any) -> Json:
    return {"image": "x:1", "user": "1000", **fields}


def of(template: str) -> Json:
    return {"type": "stack", "stackRef": {"name": template}}


def checked(given: list[Json], live: list[Json]) -> Check:
    documents = [Document("pay.yaml", 1, each, "") for each in given]
    result = Check()
    for part in by_namespace(collect(documents, deep=False), "prod", None).values():
        assert isinstance(part, Definitions)
        result.add(part, live, SETTINGS)
    return result


def test_a_tree_of_the_cluster_that_becomes_invalid_is_a_problem_of_the_template() -> None:
    live = [
        stack("pay", {"api": service(), "db": service()}, templateOnly=True),
        stack("shop", {"pay": of("pay"), "web": service(dependsOn={"pay/db": {}})}),
        stack("kiosk", {"pay": of("pay")}),
        stack("apart", {"web": service()}),
    ]
    found = checked([stack("pay", {"api": service()}, templateOnly=True)], live)
    assert {each.root: each.verdict for each in found.impacts} == {"shop": Verdict.INVALID, "kiosk": Verdict.VALID}
    (problem,) = map(str, found.problems)
    assert problem.startswith("pay.yaml:1:1: AiltireStack pay: the tree shop of the cluster would become invalid by ")
    assert "spec.services.web.dependsOn" in problem


def test_templates_of_the_cluster_count_for_a_root_of_the_files() -> None:
    live = [stack("pay", {"api": service(volumes=MOUNTS)}, templateOnly=True)]
    root = stack("shop", {"pay": of("pay")})
    found = checked([root], live)
    assert found.notes == []
    (problem,) = map(str, found.problems)
    assert "spec.services.pay.stackRef(pay).services.api.volumes.two" in problem
    (note,) = checked([root], []).notes
    assert "not part of the input" in note.message


def test_what_is_wrong_in_the_cluster_already_makes_no_file_invalid() -> None:
    live = [
        stack("pay", {"api": service()}, templateOnly=True),
        stack("shop", {"pay": of("pay"), "web": service(volumes=MOUNTS)}),
    ]
    found = checked([stack("pay", {"api": service(), "db": service()}, templateOnly=True)], live)
    assert (found.problems, found.impacts[0].verdict) == ([], Verdict.INVALID_ALREADY)


def test_hundreds_of_trees_have_a_few_problems() -> None:
    roots = [stack(f"shop{index:03}", {"pay": of("pay")}) for index in range(200)]
    found = checked([stack("pay", {"pay": of("pay")}, templateOnly=True)], roots)
    about = [each for each in found.problems if "of the cluster" in each.message]
    assert len(about) == 11
    assert about[-1].message.startswith("190 more trees of the cluster would become invalid: shop010, ")
