"""Revisions of a whole tree on a real API server: kept, listed, compared, and gone back to."""

from ailtire_operator import naming
from lab import ControlPlane, Operator
from support.kube.operators import another
from support.kube.trees import Manifest, Trees, service, targets, tree

ROOT = "shop"


def image(version: int) -> str:
    return f"docker.io/library/web:{version}"


def kept(trees: Trees) -> list[int]:
    """The numbers of the revisions."""
    found = trees.plane.api.get(
        f"/apis/apps/v1/namespaces/{trees.namespace}/controllerrevisions?labelSelector={naming.LABEL_REVISION}"
    )["items"]
    return sorted(each["revision"] for each in found)


def ready(trees: Trees, spec: Manifest) -> None:
    trees.apply(ROOT, spec)
    trees.until_ready(ROOT)


def test_each_definition_of_a_tree_is_kept_before_it_says_ready_and_rest_writes_nothing(trees: Trees) -> None:
    for version in (1, 2, 3):
        ready(trees, tree(image(version)))
        assert kept(trees) == list(range(1, version + 1))
    trees.settle()
    mark = trees.audit.mark()
    trees.kubectl("annotate", naming.SINGULAR, ROOT, "note=x")
    trees.settle()
    assert targets(trees.writes(mark)) == []
    ready(trees, {**tree(image(3)), "revisionHistoryLimit": 2})
    assert kept(trees) == [3, 4]
    trees.kubectl("delete", naming.SINGULAR, ROOT, "--wait=false")
    trees.until("gone with the root", lambda: kept(trees) == [])


def test_a_template_three_levels_down_makes_a_revision_when_its_stack_is_ready(trees: Trees) -> None:
    def leaf(version: int) -> Manifest:
        return {"templateOnly": True, "services": {"api": service(image(version))}}

    trees.apply("leaf", leaf(1))
    reference = {"type": "stack", "stackRef": {"name": "leaf"}}
    middle = {"type": "stack", "stack": {"services": {"leaf": reference}}}
    ready(trees, {"services": {"middle": middle}})
    assert kept(trees) == [1]
    trees.apply("leaf", leaf(2))
    trees.until("a second one", lambda: kept(trees) == [1, 2])
    live = trees.must("Deployment", "shop-middle-leaf-api")
    assert live["spec"]["template"]["spec"]["containers"][0]["image"] == image(2)
    assert live["status"]["readyReplicas"] == 1


def test_an_operator_that_starts_writes_what_is_missing_once_and_no_more(
    trees: Trees, operator: Operator, control_plane: ControlPlane
) -> None:
    ready(trees, tree(image(1)))
    trees.settle()
    operator.kill()
    trees.kubectl("delete", "controllerrevisions", "-l", naming.LABEL_REVISION)
    with another(control_plane, operator, "history-one") as one:
        trees.until("kept", lambda: kept(trees) == [1])
        trees.until("ready", one.is_ready)
        trees.settle()
    mark = trees.audit.mark()
    with another(control_plane, operator, "history-two") as two:
        trees.until("ready", two.is_ready)
        trees.settle()
    assert targets(trees.writes(mark)) == []
    operator.start()
