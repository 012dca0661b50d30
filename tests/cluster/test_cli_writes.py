"""``set`` and ``restart`` against a real API server, whoever applies the definition."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from ailtire_operator import naming
from ailtire_operator.cli.failures import Exit
from cluster.program import Cli, kubeconfig_of
from cluster.ways import (
    IMAGE,
    PAYMENTS,
    TOOLS,
    WAYS,
    Apply,
    apply_shop,
    client_side,
    container,
    definitions,
    restarted,
    server_side,
    shop,
    variables,
)
from lab import ControlPlane
from support.kube.trees import Trees, child, service, tree


def changed(out: str) -> set[str]:
    """The lines of a unified diff that are not the same on both sides, without their indentation."""
    lines = [each for each in out.splitlines() if each[:1] in "+-" and not each.startswith(("+++", "---"))]
    return {f"{each[0]}{each[1:].strip()}" for each in lines if each}


@pytest.mark.parametrize("apply", WAYS.values(), ids=WAYS)
def test_what_was_written_runs_is_seen_by_diff_and_taken_back_by_the_next_apply(
    cli: Cli, trees: Trees, tmp_path: Path, apply: Apply
) -> None:
    """In the root, in an inline child and grandchild, and in a template; several times, as a person does."""

    apply_shop(apply, trees, tmp_path)
    trees.until_ready("shop")
    before = definitions(trees)
    images = [f"{path}={IMAGE}" for path in ("shop/web", "shop/cpl/web", "shop/cpl/dm/db", "shop/pay/api")]
    done = cli("set", "image", *images, "--wait", "--timeout", "180s")
    assert done.code == Exit.DONE, done.err
    assert "payments is a template: shop-pay follows it" in done.err
    tool = TOOLS.get(apply)
    back = f"shop is kept by {tool}, which will bring its own definition back"
    kept = back if tool else "shop was applied from a file"
    assert kept in done.err
    names = ("shop-web", "shop-cpl-web", "shop-cpl-dm-db", "shop-pay-api")
    assert {container(trees, each)["image"] for each in names} == {IMAGE}
    assert cli("set", "env", "shop/web", "LOG-", "TRACE=1", "MORE=2").code == Exit.DONE
    assert cli("set", "env", "shop/cpl/dm/db", "TRACE=1").code == Exit.DONE
    assert cli("set", "env", "shop/cpl/dm/db", "TRACE=2", "--wait").code == Exit.DONE
    assert cli("set", "env", "shop/web", "MORE-", "--wait").code == Exit.DONE
    for path, region in (("shop", "eu"), ("shop/cpl/dm", "us"), ("shop/pay", "as")):
        assert cli("set", "env", path, f"REGION={region}", "--wait").code == Exit.DONE
    regions = [
        variables(trees, each)["REGION"] for each in ("shop-web", "shop-cpl-web", "shop-cpl-dm-db", "shop-pay-api")
    ]
    assert regions == ["eu", "eu", "us", "as"]
    assert cli("set", "env", "shop/cpl/dm", "REGION-", "--wait").code == Exit.DONE
    assert variables(trees, "shop-cpl-dm-db")["REGION"] == "eu"
    written = variables(trees, "shop-web")
    assert (written["TRACE"], "LOG" in written, "MORE" in written) == ("1", False, False)
    assert variables(trees, "shop-cpl-dm-db")["TRACE"] == "2"
    first = cli("restart", "shop/web", "shop/cpl", "shop/pay/api", "--wait")
    assert first.code == Exit.DONE, first.err
    (time,) = {restarted(trees, each) for each in (*names, "shop-cpl-dm-api")}
    assert cli("restart", "shop", "shop/cpl/dm/db", "--wait").code == Exit.DONE
    assert min(restarted(trees, each) for each in names) > time
    drift = cli("diff", str(tmp_path))
    assert drift.code == Exit.NO, drift.err
    assert {f"-image: {IMAGE}", "+LOG: info", f"-restartedAt: {time}"} <= {
        each.replace("'", "").replace('"', "") for each in changed(drift.out)
    }
    apply_shop(apply, trees, tmp_path)
    assert definitions(trees) == before
    assert cli("wait", "shop").code == Exit.DONE
    same = cli("diff", str(tmp_path))
    assert (same.code, same.out) == (Exit.DONE, ""), same.out


def test_a_removal_takes_a_value_from_all_who_have_set_it(cli: Cli, trees: Trees, tmp_path: Path) -> None:
    spec = {"services": {"web": service(environment={"A": "1", "B": "2"})}}
    server_side(trees, trees.manifest("shop", spec), tmp_path)
    also = {"spec": {"services": {"web": {"environment": {"A": "1"}}}}}
    manifest = trees.manifest("shop", also["spec"])
    trees.kubectl("apply", "--server-side", "--field-manager=other", "-f", "-", stdin=json.dumps(manifest))
    removed = cli("set", "env", "shop/web", "A-", "B-")
    assert removed.code == Exit.DONE, removed.err
    assert "environment" not in trees.must(naming.KIND, "shop")["spec"]["services"]["web"]
    again = cli("set", "env", "shop/web", "A-")
    assert (again.code, again.out) == (Exit.DONE, "ailtirestack/shop: shop/web has no A already\n")


def test_a_service_that_was_written_to_can_still_be_removed_from_the_file(
    cli: Cli, trees: Trees, tmp_path: Path
) -> None:
    """A field in another name would be left of it, and no definition is right with a service without an image."""
    both = {"services": {"web": service(), "api": service()}}
    for apply in (server_side, client_side):
        apply(trees, trees.manifest("shop", both), tmp_path)
        assert cli("restart", "shop/api").code == cli("set", "env", "shop/api", "A=1").code == Exit.DONE
        apply(trees, trees.manifest("shop", {"services": {"web": service()}}), tmp_path)
        assert list(trees.must(naming.KIND, "shop")["spec"]["services"]) == ["web"]
        trees.kubectl("delete", "ailtirestack", "shop")


def test_a_dry_run_shows_the_difference_and_writes_nothing(cli: Cli, trees: Trees) -> None:
    trees.apply("payments", PAYMENTS)
    trees.apply("shop", shop())
    before = trees.must(naming.KIND, "shop")["metadata"]["generation"]
    tried = cli("set", "image", f"shop/cpl/dm/db={IMAGE}", "--dry-run")
    assert tried.code == Exit.DONE, tried.err
    assert changed(tried.out) == {f"+image: {IMAGE}", "-image: docker.io/library/web:1"}
    assert tried.out.startswith("diff -u -N live/ailtire.io.")
    assert "shop/cpl/dm/db would go from docker.io/library/web:1 to" in tried.out
    assert changed(cli("set", "env", "shop/web", "LOG=debug", "--dry-run").out) == {"-LOG: info", "+LOG: debug"}
    restart = cli("restart", "shop/cpl", "--dry-run").out
    assert "shop/cpl would restart as of" in restart
    assert [each.split(":")[0] for each in changed(restart)] == ["+restartedAt"]
    assert trees.must(naming.KIND, "shop")["metadata"]["generation"] == before


def test_a_refusal_writes_nothing_and_says_why(cli: Cli, trees: Trees) -> None:
    trees.apply("shop", {**tree(), "images": {"web": "docker.io/library/web:9"}})
    before = trees.must(naming.KIND, "shop")["metadata"]["generation"]
    refused = cli("set", "image", "shop/cpl/web=web:2")
    assert refused.code == Exit.TROUBLE
    assert "spec.images of shop says docker.io/library/web:9 for 'web'" in refused.err
    wrong = cli("set", "image", "shop/web=other:2", "shop/cpl/dm/db=-bad")
    assert wrong.code == Exit.NO
    assert "AiltireStack shop: spec.services.cpl.stack.services.dm.stack.services.db.image" in wrong.err
    reserved = cli("set", "env", "shop/web", "AILTIRE_PARENT=x")
    assert (reserved.code, "the operator sets the AILTIRE_* variables itself" in reserved.err) == (Exit.TROUBLE, True)
    assert cli("restart", "shop/nobody").code == cli("restart", "nobody").code == Exit.MISSING
    assert cli("restart", "shop", "--using", "secret/nobody").code == Exit.MISSING
    assert trees.must(naming.KIND, "shop")["metadata"]["generation"] == before


def test_only_what_uses_a_secret_is_restarted(cli: Cli, trees: Trees) -> None:
    spec: dict[str, Any] = tree()
    leaf = spec["services"]["cpl"]["stack"]["services"]["dm"]["stack"]
    leaf["services"]["db"]["environmentFrom"] = [{"secret": "db", "optional": True}]
    trees.kubectl("create", "secret", "generic", "db", "--from-literal=password=x")
    leaf["secrets"] = {"password": {"secret": "db", "key": "password"}}
    leaf["services"]["api"]["secrets"] = {"password": {}}
    trees.apply("shop", spec)
    trees.until_ready("shop")
    done = cli("restart", "shop", "--using", "secret/db", "--wait", "--timeout", "180s")
    assert done.code == Exit.DONE, done.err
    assert len(done.out.splitlines()) == 2
    names = ("shop-cpl-dm-db", "shop-cpl-dm-api", "shop-cpl-web", "shop-web")
    assert [bool(restarted(trees, each)) for each in names] == [True, True, False, False]


def test_every_restart_counts_however_fast_they_follow_each_other(cli: Cli, trees: Trees) -> None:
    """And no writer's change is lost, though all of them read and write the same definition."""
    trees.apply("shop", {"services": {"web": service(), "api": service()}})
    trees.until_ready("shop")
    seen = []
    for _ in range(3):
        assert cli("restart", "shop/web").code == Exit.DONE
        seen.append(trees.must(naming.KIND, "shop")["spec"]["services"]["web"]["restartedAt"])
    assert len(set(seen)) == 3
    assert sorted(seen) == seen
    codes = []
    writers = [
        threading.Thread(target=lambda name=name: codes.append(cli("set", "env", "shop/api", f"{name}=1").code))
        for name in "ABCD"
    ]
    for each in writers:
        each.start()
    for each in writers:
        each.join()
    assert codes == [Exit.DONE] * 4
    assert set(trees.must(naming.KIND, "shop")["spec"]["services"]["api"]["environment"]) == set("ABCD")


def test_who_may_not_change_stacks_gets_the_api_servers_words(
    cli: Cli, trees: Trees, control_plane: ControlPlane, tmp_path: Path
) -> None:
    trees.apply("shop", {"services": {"web": service()}})
    viewer = kubeconfig_of("view", control_plane, trees.namespace, tmp_path)
    for words in (
        ["restart", "shop"],
        ["stop", "shop"],
        ["set", "env", "shop/web", "A=1"],
        ["set", "image", "shop/web=x:2"],
    ):
        result = cli(*words, "--kubeconfig", viewer)
        assert result.code == Exit.TROUBLE
        assert 'cannot patch resource "ailtirestacks"' in result.err


def test_what_is_suspended_is_written_and_not_waited_for(cli: Cli, trees: Trees) -> None:
    trees.apply("shop", {"services": {"sub": child({"web": service()})}})
    trees.until_ready("shop")
    trees.patch(naming.KIND, "shop", {"spec": {"suspend": True}})
    trees.until("suspended", lambda: trees.condition("shop", "Suspended").get("status") == "True")
    done = cli("restart", "shop/sub", "--wait", "--timeout", "180s")
    assert done.code == Exit.SUSPENDED, done.err
    assert "shop is suspended: nothing happens until that is gone" in done.err
