"""The update of a whole tree that fails on a real control plane: it goes back by itself, and says so."""

import json
import time

import pytest

from ailtire_operator import naming
from ailtire_operator.cli.failures import Exit
from cluster.program import Cli
from lab import ControlPlane, Operator
from support.kube.operators import relieved
from support.kube.trees import Manifest, Trees, service, targets, tree

BAD = "lab.invalid/missing:2"
GOOD = "docker.io/library/web:1"
POLICY = {"updatePolicy": {"failureAction": "rollback", "progressDeadline": "6s"}}
PATIENT = {"updatePolicy": {"failureAction": "rollback", "progressDeadline": "5m"}}
"""For an update that is good: on a busy machine it may take longer."""


def written(leaf: str = GOOD, web: str = GOOD, policy: Manifest = POLICY) -> Manifest:
    """Three levels, of which the deepest and the highest say which image."""
    spec = tree(leaf)
    spec["services"]["web"]["image"] = web
    return {**spec, **policy}


def image(trees: Trees, name: str = "shop-cpl-dm-api") -> str:
    return str(trees.must("Deployment", name)["spec"]["template"]["spec"]["containers"][0]["image"])


def until_back(trees: Trees) -> None:
    trees.until("gone back", lambda: trees.condition("shop", "Stalled").get("reason") == "TreeRolledBack")
    trees.until("old images", lambda: (image(trees), image(trees, "shop-web")) == (GOOD, GOOD))


def test_a_bad_change_three_levels_down_takes_the_whole_tree_back_until_the_definition_changes(
    trees: Trees, cli: Cli, operator: Operator, control_plane: ControlPlane
) -> None:
    trees.apply("shop", written())
    trees.until_ready("shop")
    bad = written(BAD, "docker.io/library/web:2")
    trees.apply("shop", bad)
    trees.until("rolled out", lambda: image(trees, "shop-web").endswith(":2"))
    until_back(trees)
    assert trees.must(naming.KIND, "shop")["spec"] == bad, "what the author has written stays"
    said = trees.condition("shop", "RolledBack")
    assert said["reason"] == "TreeRolledBack"
    for part in ("cpl/dm/api", BAD, "back to revision 1", "volumes and what Jobs have done stay as they are"):
        assert part in said["message"]
    waited = cli("wait", "shop", "--timeout", "180s")
    assert (waited.code, "back to revision 1" in waited.err) == (Exit.ROLLED_BACK, True)
    trees.until("told", lambda: any(each["reason"] == "TreeRolledBack" for each in trees.all_of("Event")))
    trees.settle()
    assert [each["type"] for each in trees.all_of("Event") if each["reason"] == "TreeRolledBack"] == ["Warning"]
    trees.until("the leaf is ready", lambda: trees.is_ready("shop-cpl-dm"))

    mark = trees.audit.mark()
    with relieved(control_plane, operator, "tree-rollback"):
        trees.settle()
    assert targets(trees.writes(mark)) == []

    trees.apply("shop", written("docker.io/library/web:3", policy=PATIENT))
    trees.until_ready("shop")
    assert image(trees) == "docker.io/library/web:3"
    assert trees.condition("shop", "RolledBack") == {}


@pytest.mark.parametrize("pause", [0.2, 1.5, 4.0, 6.5])
def test_killed_at_any_step_the_operator_comes_to_the_same_end(
    trees: Trees, operator: Operator, control_plane: ControlPlane, pause: float
) -> None:
    trees.apply("shop", written())
    trees.until_ready("shop")
    trees.apply("shop", written(BAD, "docker.io/library/web:2"))
    end = time.monotonic() + pause
    trees.until("the time", lambda: time.monotonic() > end)
    operator.kill()
    operator.start()
    until_back(trees)
    trees.settle()
    assert (image(trees), image(trees, "shop-web")) == (GOOD, GOOD)
    assert trees.condition("shop", "RolledBack")["reason"] == "TreeRolledBack"


def test_a_template_that_goes_bad_is_held_as_it_was_for_this_tree(trees: Trees) -> None:
    def template(leaf: str) -> Manifest:
        return {"templateOnly": True, "services": {"api": service(leaf)}}

    trees.apply("leaf", template(GOOD))
    middle = {"type": "stack", "stack": {"services": {"leaf": {"type": "stack", "stackRef": {"name": "leaf"}}}}}
    policy = {"updatePolicy": {**POLICY["updatePolicy"], "progressDeadline": "15s"}}  # the good one has to be in time
    trees.apply("shop", {"services": {"middle": middle}, **policy})
    trees.until_ready("shop")
    trees.apply("leaf", template(BAD))
    trees.until("bad", lambda: image(trees, "shop-middle-leaf-api") == BAD)
    trees.until("back", lambda: image(trees, "shop-middle-leaf-api") == GOOD)
    assert trees.condition("shop", "RolledBack")["reason"] == "TreeRolledBack"
    trees.apply("leaf", template("docker.io/library/web:3"))
    trees.until("new", lambda: image(trees, "shop-middle-leaf-api").endswith(":3"))
    trees.until_ready("shop")


def test_what_the_change_does_not_concern_takes_nothing_back(trees: Trees, cli: Cli) -> None:
    trees.apply("shop", written())
    trees.until_ready("shop")
    trees.apply(
        "shop",
        {**written(), "services": written()["services"] | {"broken": service(BAD)}, "updatePolicy": {}}
        | {"updatePolicy": POLICY["updatePolicy"]},
    )
    trees.until("broken", lambda: trees.condition("shop", "RolledBack").get("reason") == "TreeRolledBack")
    assert "broken" in trees.condition("shop", "RolledBack")["message"]
    trees.until("removed again", lambda: "shop-broken" not in trees.names("Deployment"))
    done = cli("rollback", "shop", "--yes", "--wait")
    assert done.code == Exit.DONE, done.err
    assert trees.must(naming.KIND, "shop")["spec"] == json.loads(json.dumps(written()))


def ordered(version: int, api: str = "", deadline: str = "4s") -> Manifest:
    """``orders/api`` first, and in another stack and at the root a service that waits for it."""
    late = service(f"docker.io/library/web:{version}", dependsOn={"orders/api": {"condition": "healthy"}})
    orders = {"type": "stack", "stack": {"services": {"api": service(api or f"docker.io/library/web:{version}")}}}
    mail = {"type": "stack", "stack": {"services": {"late": late}}}
    policy = {"failureAction": "pause", "progressDeadline": deadline}
    return {"services": {"late": late, "orders": orders, "mail": mail}, "updatePolicy": policy}


def images(trees: Trees) -> list[str]:
    names = ("shop-orders-api", "shop-late", "shop-mail-late")
    return [image(trees, name).rpartition(":")[2] for name in names]


def test_a_paused_update_goes_no_further_until_the_definition_changes(
    trees: Trees, cli: Cli, operator: Operator
) -> None:
    trees.apply("shop", ordered(1))
    trees.until_ready("shop")
    trees.apply("shop", ordered(2, "lab.invalid/unready:2"))
    trees.until("paused", lambda: trees.condition("shop", "Stalled").get("reason") == "TreeUpdatePaused")
    assert images(trees) == ["2", "1", "1"], "the others wait for what does not start"
    waited = cli("wait", "shop", "--timeout", "180s")
    assert waited.code == Exit.FAILED, waited.err
    trees.settle()
    mark = trees.audit.mark()
    # What they waited for gets ready, by somebody's hand: the update is as paused as before.
    fixed = {"spec": {"template": {"spec": {"containers": [{"name": "api", "image": GOOD}]}}}}
    trees.kubectl("patch", "deployment", "shop-orders-api", "-p", json.dumps(fixed))
    trees.until(
        "ready", lambda: trees.must("Deployment", "shop-orders-api")["status"].get("unavailableReplicas") is None
    )
    operator.kill()
    operator.start()
    trees.settle()
    assert [each for each in targets(trees.writes(mark)) if "deployments.apps" in each] == []
    assert images(trees) == ["1", "1", "1"]
    trees.apply("shop", ordered(3, deadline="5m"))
    trees.until_ready("shop")
    assert images(trees) == ["3", "3", "3"]
    assert trees.condition("shop", "UpdatePaused") == {}


def checked(version: int, verify: str) -> Manifest:
    spec = tree(f"docker.io/library/web:{version}")
    check = {"image": verify, "user": "1000"}
    spec["services"]["cpl"]["stack"]["verify"] = check
    return {**spec, "updatePolicy": {"failureAction": "rollback", "progressDeadline": "5m"}}


def test_a_check_that_fails_takes_the_tree_back_and_why_names_the_generation_that_failed(
    trees: Trees, cli: Cli
) -> None:
    trees.apply("shop", checked(1, "docker.io/library/test:1"))
    trees.until_ready("shop")
    bad = checked(2, "lab.invalid/failing:1")
    shown = cli("diff", "-f", "-", stdin=json.dumps(trees.manifest("shop", bad)))
    assert shown.code == Exit.NO, shown.err
    assert "lab.invalid/failing:1" in shown.out
    assert "docker.io/library/web:2" in shown.out
    trees.apply("shop", bad)
    failed = trees.must(naming.KIND, "shop")["metadata"]["generation"]
    trees.until("gone back", lambda: trees.condition("shop", "Stalled").get("reason") == "TreeRolledBack")
    said = trees.condition("shop", "RolledBack")["message"]
    assert f"the update of the tree (generation {failed}) failed: cpl: VerificationFailed" in said
    trees.until("old image", lambda: image(trees).endswith(":1"))
    trees.until("checked again", lambda: trees.is_ready("shop-cpl"))
    trees.settle()
    assert trees.status("shop-cpl")["verify"]["phase"] == "Passed"
    assert trees.must(naming.KIND, "shop")["spec"] == bad
    assert cli("wait", "shop", "--timeout", "180s").code == Exit.ROLLED_BACK
    back, there = [each for each in json.loads(cli("why", "shop/cpl/dm/api", "-o", "json").out) if each.get("recorded")]
    assert (there["cause"], there["rootGeneration"]) == ("Planned", failed)
    assert (back["cause"], back["rootGeneration"]) == ("RolledBack", failed)
    assert f"the update had failed (generation {failed} of shop)" in cli("why", "shop/cpl/dm/api").out
