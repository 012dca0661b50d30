"""``kubectl ailtire`` against a real API server, in a process of its own, as kubectl starts it."""

import json
from pathlib import Path

import pytest

from ailtire_operator import naming
from ailtire_operator.cli.failures import Exit
from cluster.program import Cli
from lab import ControlPlane, Operator
from lab.paths import ROOT
from support.kube.trees import Trees, child, service, tree

BAD_IMAGE = "lab.invalid/missing:1"
EXAMPLES = sorted(path for path in (ROOT / "examples").glob("0*") if (path / "stack.yaml").exists())


@pytest.mark.parametrize("example", [*EXAMPLES, ROOT / "examples" / "shop"], ids=lambda path: path.name)
def test_what_is_rendered_is_taken_by_the_server(
    cli: Cli, control_plane: ControlPlane, namespace: str, operator: Operator, example: Path
) -> None:
    files = [str(path) for path in example.glob("*.yaml") if path.name != "kustomization.yaml"]
    rendered = cli("render", *files)
    assert rendered.code == Exit.DONE
    said = control_plane.kubectl("apply", "--dry-run=server", "-n", namespace, "-f", "-", stdin=rendered.out)
    assert said.count("(server dry run)") == rendered.out.count("\nkind: ")


def test_the_notices_of_a_tree_are_told_with_place_and_remedy(cli: Cli, trees: Trees) -> None:
    spec = {"services": {"cpl": child({"web": service(user="0")})}, "data": {"unused": {"perReplica": True}}}
    trees.apply("shop", spec)
    trees.until("both", lambda: all(trees.condition(each, "Translated") for each in ("shop", "shop-cpl")))
    told = cli("notices", "shop", "-o", "full")
    assert told.code == Exit.DONE, told.err
    for part in (
        "shop: spec.data.unused",
        "shop-cpl: spec.services.web.user",
        "Mount it, or remove it.",
        "rejected (1)",
    ):
        assert part in told.out
    data = json.loads(cli("notices", "shop-cpl", "-o", "json").out)
    assert {each["path"] for each in data["notices"]} == {"spec.services.web.user"}
    assert cli("notices", "nobody").code == Exit.MISSING


def test_waiting_for_a_tree_and_looking_at_it(cli: Cli, trees: Trees) -> None:
    trees.apply("shop", tree())
    waited = cli("wait", "shop", "--timeout", "180s")
    assert waited.code == Exit.DONE, waited.err
    assert waited.err.splitlines()[-1].startswith("shop is ready: 4 services and 2 stacks ready")
    shown = cli("tree", "shop")
    assert shown.code == Exit.DONE
    assert shown.out.splitlines()[0] == "✓ shop  4/4 services, 2/2 stacks"
    for part in ("/cpl → cpl:3000", "✓ web  1/1", "✓ cpl  3/3 services, 1/1 stacks", "✓ dm  2/2 services", "✓ db  1/1"):
        assert part in shown.out
    data = json.loads(cli("tree", "shop", "-o", "json").out)
    assert [each["name"] for each in data["stacks"][0]["stacks"]] == ["shop-cpl-dm"]
    assert data["ready"] is True
    assert cli("tree", "shop-cpl", "-o", "wide").out.startswith("✓ shop-cpl  3/3 services, 1/1 stacks")


def test_waiting_tells_what_blocks_and_gives_up_in_time(cli: Cli, trees: Trees) -> None:
    trees.apply("shop", tree(leaf_image=BAD_IMAGE))
    trees.until("trouble", lambda: trees.condition("shop").get("reason") == "ImagePullBackOff")
    waited = cli("wait", "shop", "--timeout", "2s")
    assert waited.code == Exit.TIMED_OUT
    assert "cpl/dm: service api 0/1: ImagePullBackOff" in waited.err
    assert waited.err.splitlines()[-1] == "the time is up (2 s)"
    shown = cli("tree", "shop")
    assert "✗ api  0/1  ImagePullBackOff: " in shown.out
    assert shown.out.count("Back-off pulling") == 1


def test_waiting_ends_at_once_where_it_is_in_vain(cli: Cli, trees: Trees) -> None:
    wrong = {"services": {"web": service(), "cpl": {"type": "stack", "stack": {"services": {"x": {"imag": "y"}}}}}}
    trees.apply("shop", wrong)
    waited = cli("wait", "shop", "--timeout", "180s")
    assert waited.code == Exit.FAILED
    assert "spec.services.cpl.stack.services.x" in waited.err
    assert "? cpl  " in cli("tree", "shop").out


def test_a_suspended_stack_shows_everywhere_and_a_stopped_service_is_not_green(cli: Cli, trees: Trees) -> None:
    spec = tree()
    spec["services"]["cpl"]["stack"]["services"]["web"]["deploy"] = {"replicas": 0}
    trees.apply("shop", spec)
    trees.until_ready("shop")
    assert "■ web  stopped" in cli("tree", "shop").out
    spec["services"]["cpl"]["stack"]["suspend"] = True
    trees.apply("shop", spec)
    told = "3 services and 0 stacks ready, 1 service stopped, 2 stacks suspended"
    trees.until("the root tells of both", lambda: trees.condition("shop").get("message") == told)
    shown = {line.split()[0]: line.split()[1] for line in trees.kubectl("get", "ailtirestacks").splitlines()[1:]}
    assert shown == {"shop": "True", "shop-cpl": "Suspended", "shop-cpl-dm": "Suspended"}
    top, *below = cli("tree", "shop").out.splitlines()
    assert top.startswith("✓ shop  4/4 services, 2/2 stacks, 1 service stopped, 2 stacks suspended")
    assert [line for line in below if "‖" in line and "Suspended" in line] == [
        line for line in below if " cpl  " in line or " dm  " in line
    ]
    for name in ("shop", "shop-cpl", "shop-cpl-dm"):
        waited = cli("wait", name, "--timeout", "180s")
        assert (waited.code, "is suspended" in waited.err) == (Exit.SUSPENDED, True), waited.err


def test_what_is_not_there_is_said_with_what_is(cli: Cli, trees: Trees) -> None:
    for command in (["wait", "nope"], ["tree", "nope"], ["export", "nope"]):
        assert cli(*command).code == Exit.MISSING
    trees.apply("shop", {"services": {}})
    assert "There are: shop." in cli("tree", "nope").err


def test_waiting_for_the_end_of_everything(cli: Cli, trees: Trees) -> None:
    trees.apply("shop", tree())
    trees.until_ready("shop")
    assert cli("wait", "shop", "--for", "deleted", "--timeout", "0").code == Exit.TIMED_OUT
    trees.delete(naming.KIND, "shop")
    assert cli("wait", "shop", "--for", "deleted", "--timeout", "180s").code == Exit.DONE
    assert trees.all_of(naming.KIND) == trees.all_of("Deployment") == trees.all_of("Pod") == []


def test_it_is_not_gone_while_a_pod_of_a_grandchild_ends(cli: Cli, trees: Trees) -> None:
    """Asked when no stack is left to say what was in the tree."""
    trees.apply("shop", tree())
    trees.until_ready("shop")
    pod = next(each["metadata"]["name"] for each in trees.all_of("Pod") if "shop-cpl-dm-" in each["metadata"]["name"])
    trees.patch("pod", pod, {"metadata": {"finalizers": ["example.com/slow"]}})
    trees.delete(naming.KIND, "shop")
    trees.until("one pod is left", lambda: not trees.all_of(naming.KIND) and len(trees.all_of("Pod")) == 1)
    waited = cli("wait", "shop", "--for", "deleted", "--timeout", "2s")
    assert (waited.code, "still there: 1 Pod" in waited.err) == (Exit.TIMED_OUT, True), waited.err
    trees.patch("pod", pod, {"metadata": {"finalizers": None}})
    assert cli("wait", "shop", "--for", "deleted", "--timeout", "180s").code == Exit.DONE
    assert trees.all_of("Pod") == []
