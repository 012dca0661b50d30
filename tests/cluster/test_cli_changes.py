"""``scale`` and ``open`` against a real API server and a running operator."""

import copy
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from ailtire_operator import naming
from ailtire_operator.cli.failures import Exit
from cluster.program import Cli, kubeconfig_of
from lab import Audit, ControlPlane
from support.kube.trees import Trees, service, tree


def replicas(trees: Trees, name: str) -> int:
    count: int = trees.must("Deployment", name)["spec"]["replicas"]
    return count


def test_an_inline_grandchild_is_scaled_in_its_root_and_waited_for(cli: Cli, trees: Trees) -> None:
    trees.apply("shop", tree())
    trees.until_ready("shop")
    result = cli("scale", "shop/cpl/dm/db=3", "shop/web=2", "--wait", "--timeout", "180s")
    assert result.code == Exit.DONE, result.err
    assert "ailtirestack/shop: shop/cpl/dm/db goes from 1 to 3" in result.out
    assert "shop was applied from a file" in result.err
    assert "shop/cpl/dm/db: 3/3" in result.err
    assert (replicas(trees, "shop-cpl-dm-db"), replicas(trees, "shop-web")) == (3, 2)
    again = cli("scale", "shop-cpl-dm/db=3")
    assert (again.code, again.out) == (Exit.DONE, "ailtirestack/shop: shop/cpl/dm/db has 3 already\n")


WAYS = {"client-side": (), "server-side": ("--server-side",)}


@pytest.mark.parametrize("options", WAYS.values(), ids=WAYS)
def test_the_next_apply_takes_back_what_was_scaled_and_until_then_diff_shows_it(
    cli: Cli, trees: Trees, tmp_path: Path, options: tuple[str, ...]
) -> None:
    """Where the file names a count and where it names none, in the root and in an inline grandchild."""
    spec: dict[str, Any] = tree()
    spec["services"]["web"]["deploy"] = {"replicas": 2}
    file = tmp_path / "shop.json"
    file.write_text(json.dumps(trees.manifest("shop", spec)))
    trees.kubectl("apply", *options, "-f", str(file))
    trees.until_ready("shop")
    before = trees.must(naming.KIND, "shop")["spec"]
    for count in ("0", "3"):  # a second time nothing else is remembered than at the first
        scaled = cli("scale", f"shop/web={count}", f"shop/cpl/web={count}", f"shop/cpl/dm/db={count}", "--wait")
        assert scaled.code == Exit.DONE, scaled.err
        assert "to apply it again brings back what the file says" in scaled.err
        assert (replicas(trees, "shop-web"), replicas(trees, "shop-cpl-dm-db")) == (int(count), int(count))
    drift = cli("diff", str(file))
    assert drift.code == Exit.NO, drift.err
    assert len(re.findall(r"^- +replicas: 3$", drift.out, re.MULTILINE)) > 2
    data = json.loads(cli("diff", "-o", "json", str(file)).out)
    root = next(each for each in data["differences"] if (each["kind"], each["name"]) == (naming.KIND, "shop"))
    assert root["action"] == "changed"
    assert root["before"]["spec"]["services"]["web"]["deploy"] == {"replicas": 3}
    assert root["after"]["spec"]["services"]["web"]["deploy"] == {"replicas": 2}
    (sarif,) = json.loads(cli("diff", "-o", "sarif", str(file)).out)["runs"]
    actions = [f"object-{each['action']}" for each in data["differences"]]
    assert [each["ruleId"] for each in sarif["results"]] == actions
    assert {each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for each in sarif["results"]} == {
        quote(str(file))
    }
    trees.kubectl("apply", *options, "-f", str(file))  # no conflict either
    assert trees.must(naming.KIND, "shop")["spec"] == before
    assert cli("wait", "shop").code == Exit.DONE
    same = cli("diff", "-o", "json", str(file))
    nothing = {"differences": [], "notes": [], "problems": [], "trees": [], "notShown": {"trees": 0, "objects": 0}}
    assert (same.code, json.loads(same.out)) == (Exit.DONE, nothing)


def test_a_count_comes_back_also_where_server_side_apply_takes_over(cli: Cli, trees: Trees) -> None:
    manifest = json.dumps(trees.manifest("shop", {"services": {"web": service()}}))
    trees.kubectl("apply", "-f", "-", stdin=manifest)
    assert cli("scale", "shop/web=0").code == Exit.DONE
    trees.kubectl("apply", "--server-side", "-f", "-", stdin=manifest)
    assert "deploy" not in trees.must(naming.KIND, "shop")["spec"]["services"]["web"]


def test_what_no_apply_takes_back_is_told(cli: Cli, trees: Trees) -> None:
    manifest = json.dumps(trees.manifest("shop", {"services": {"web": service()}}))
    trees.kubectl("create", "-f", "-", stdin=manifest)
    scaled = cli("scale", "shop/web=0")
    assert (scaled.code, "no apply of shop knows of this count" in scaled.err) == (Exit.DONE, True)
    managers = {each["manager"] for each in trees.must(naming.KIND, "shop")["metadata"]["managedFields"]}
    assert naming.CLI_MANAGER in managers


def test_a_template_is_scaled_for_all_who_refer_to_it(cli: Cli, trees: Trees) -> None:
    trees.apply("payments", {"templateOnly": True, "services": {"api": service()}})
    for name in ("one", "two"):
        trees.apply(name, {"services": {"pay": {"type": "stack", "stackRef": {"name": "payments"}}}})
    trees.until_ready("one", "two")
    result = cli("scale", "one/pay/api=2", "--wait", "--timeout", "180s")
    assert result.code == Exit.DONE, result.err
    assert "ailtirestack/payments: one/pay/api goes from 1 to 2" in result.out
    assert "payments is a template: one-pay follows it, and two-pay with it" in result.err
    trees.until("the other follows", lambda: replicas(trees, "two-pay-api") == 2)


def test_a_dry_run_and_a_refusal_write_nothing(cli: Cli, trees: Trees, audit: Audit) -> None:
    spec: dict[str, Any] = tree()
    spec["services"]["auto"] = service(policies={"scaling": {"max": 3}})
    trees.apply("shop", spec)
    trees.until("made", lambda: trees.get(naming.KIND, "shop-cpl-dm"))
    before = trees.must(naming.KIND, "shop")["metadata"]["generation"]
    tried = cli("scale", "shop/web=4", "--dry-run")
    assert (tried.code, "shop/web would go from 1 to 4" in tried.out) == (Exit.DONE, True)
    assert cli("scale", "shop/web=4", "shop/auto=2").code == Exit.TROUBLE
    refused = cli("scale", "shop/web=4", "shop/cpl/dm/db=5000")
    assert refused.code == Exit.NO
    assert "spec.services.cpl.stack.services.dm.stack.services.db.deploy.replicas" in refused.err
    assert cli("scale", "shop/wbe=4").code == cli("scale", "nope/web=4").code == Exit.MISSING
    assert trees.must(naming.KIND, "shop")["metadata"]["generation"] == before


def test_who_may_not_change_stacks_is_told_so(
    cli: Cli, trees: Trees, control_plane: ControlPlane, tmp_path: Any
) -> None:
    trees.apply("shop", {"services": {"web": service()}})
    viewer = kubeconfig_of("view", control_plane, trees.namespace, tmp_path)
    result = cli("scale", "shop/web=2", "--kubeconfig", viewer)
    assert result.code == Exit.TROUBLE
    assert 'cannot patch resource "ailtirestacks"' in result.err


def test_the_urls_of_all_levels_are_listed_and_opened(cli: Cli, trees: Trees) -> None:
    trees.apply("shop", {**tree(), "edge": {"hosts": ["shop.example"]}})
    trees.until_ready("shop")
    listed = cli("open", "shop")
    assert listed.out.splitlines() == [
        "http://shop.example/         shop/web:8080",
        "http://shop.example/cpl/     shop/cpl/web:8080",
        "http://shop.example/cpl/dm/  shop/cpl/dm/api:8080",
    ]
    data = json.loads(cli("open", "shop/cpl/dm", "-o", "json").out)
    api = {"url": "http://shop.example/cpl/dm/", "service": "shop/cpl/dm/api", "port": 8080}
    assert data == [{**api, "ready": True, "reason": ""}]
    assert "note: Ingress shop has no address" in listed.err, "there is no controller for it here"
    opened = cli("open", "shop/cpl/web", "--browser", BROWSER="true")
    assert (opened.code, opened.err.splitlines()[-1]) == (Exit.DONE, "opening http://shop.example/cpl/")
    assert cli("open", "shop", "--browser", BROWSER="false", DISPLAY="", PATH="").code == Exit.TROUBLE


def test_an_address_is_ready_only_if_every_gateway_on_the_way_is(cli: Cli, trees: Trees) -> None:
    spec: dict[str, Any] = {**tree(), "edge": {"hosts": ["shop.example"]}}
    trees.apply("shop", spec)
    first = cli("open", "shop/cpl/dm/api", "--wait", "--timeout", "3m")
    assert (first.code, first.out) == (Exit.DONE, "http://shop.example/cpl/dm/  shop/cpl/dm/api:8080\n"), first.err
    trees.until_ready("shop")
    assert cli("open", "shop-cpl-dm/api").out == first.out, "the way begins at the root, however it is called"
    broken = copy.deepcopy(spec)
    huge = {"reservations": {"memory": "900Ti"}}
    broken["services"]["cpl"]["stack"]["gateway"] = {"resources": huge}
    trees.apply("shop", broken)
    late = cli("open", "shop", "--wait", "--timeout", "3s")
    assert late.code == Exit.TIMED_OUT
    trees.until("blocked", lambda: "Unschedulable" in cli("open", "shop").out)
    lines = cli("open", "shop").out.splitlines()
    assert lines[0].endswith("shop/web:8080"), "what is not behind that gateway is reached"
    for line in lines[1:]:
        assert "  not ready: the gateway of shop/cpl is not ready: Unschedulable: " in line
    trees.apply("shop", spec)
    mended = cli("open", "shop", "--wait", "--timeout", "3m")
    assert mended.code == Exit.DONE, mended.err
    assert mended.err.splitlines()[-2:][0] == "shop: 3 URLs ready"
    assert "not ready" not in mended.out
    trees.patch(naming.KIND, "shop", {"spec": {"suspend": True, "appName": "other"}})
    assert cli("open", "shop", "--wait", "--timeout", "180s").code == Exit.DONE, "what is suspended runs on"
    assert cli("open", "nothing", "--wait").code == Exit.MISSING


def test_without_a_url_there_is_advice(cli: Cli, trees: Trees) -> None:
    trees.apply("shop", tree())
    trees.until_ready("shop")
    result = cli("open", "shop/cpl")
    assert (result.code, result.out) == (Exit.NO, "")
    assert f"'kubectl ailtire open shop/cpl -n {trees.namespace} --forward' reaches it" in result.err
    assert cli("open", "shop", "-o", "json").out == "[]\n"
    assert cli("open", "shop/cpl/dm/db").code == Exit.NO
