"""``stop`` and ``start`` against a real API server, whoever applies the definition."""

from pathlib import Path

import pytest

from ailtire_operator import naming
from ailtire_operator.cli.failures import Exit
from cluster.program import Cli
from cluster.ways import WAYS, Apply, apply_shop, client_side, definitions, server_side, shop
from support.kube.trees import Trees, service, targets


def running(trees: Trees) -> set[str]:
    return {each["metadata"]["name"] for each in trees.all_of("Deployment") if each["spec"]["replicas"]}


@pytest.mark.parametrize("apply", WAYS.values(), ids=WAYS)
def test_what_is_stopped_is_started_again_by_start_and_by_the_next_apply(
    cli: Cli, trees: Trees, tmp_path: Path, apply: Apply
) -> None:
    apply_shop(apply, trees, tmp_path)
    trees.until_ready("shop")
    before, all_of_it = definitions(trees), running(trees)
    leaf = {"shop-cpl-dm-db", "shop-cpl-dm-api"}
    assert leaf | {"shop-pay-api", "shop-web"} < all_of_it
    stopped = cli("stop", "shop/cpl/dm", "shop/pay/api", "shop/web", "--wait", "--timeout", "180s")
    assert stopped.code == Exit.DONE, stopped.err
    assert running(trees) == all_of_it - leaf - {"shop-pay-api", "shop-web"}
    again = cli("stop", "shop/cpl/dm", "shop/cpl/dm/db", "shop/web", "--wait")
    assert (again.code, len(again.out.splitlines())) == (Exit.DONE, 2)
    assert "ailtirestack/shop: shop/cpl/dm is stopped already" in again.out
    assert "note: shop/cpl/dm/db is part of shop/cpl/dm" in again.err
    refused = cli("start", "shop/cpl/dm/db")
    assert (refused.code, "cannot run while shop/cpl/dm is stopped" in refused.err) == (Exit.TROUBLE, True)
    assert cli("restart", "shop/cpl/dm/db").code == Exit.TROUBLE
    assert cli("diff", str(tmp_path)).code == Exit.NO
    started = cli("start", "shop/cpl/dm", "shop/web", "shop/pay/api", "--wait", "--timeout", "180s")
    assert started.code == Exit.DONE, started.err
    assert running(trees) == all_of_it
    assert definitions(trees) == before
    assert cli("start", "shop").out == "ailtirestack/shop: shop is not stopped\n"
    assert cli("stop", "shop", "--wait", "--timeout", "180s").code == Exit.DONE
    assert {each for each in running(trees) if not each.endswith("--gateway")} == set()
    apply_shop(apply, trees, tmp_path)
    assert definitions(trees) == before
    waited = cli("wait", "shop", "--timeout", "180s")
    assert waited.code == Exit.DONE, waited.err
    assert running(trees) == all_of_it


def test_what_a_file_stops_is_started_and_stopped_by_its_next_apply(cli: Cli, trees: Trees, tmp_path: Path) -> None:
    for apply in (server_side, client_side):
        spec = {"services": {"web": service(stopped=True), "api": service()}}
        apply(trees, trees.manifest("shop", spec), tmp_path)
        started = cli("start", "shop/web", "--wait", "--timeout", "180s")
        assert started.code == Exit.DONE, started.err
        assert "to apply it again brings back what the file says" in started.err
        assert "stopped" not in trees.must(naming.KIND, "shop")["spec"]["services"]["web"]
        assert cli("diff", str(tmp_path)).code == Exit.NO
        apply(trees, trees.manifest("shop", spec), tmp_path)
        assert trees.must(naming.KIND, "shop")["spec"]["services"]["web"]["stopped"] is True
        trees.delete(naming.KIND, "shop")
        trees.until("gone", lambda: trees.get(naming.KIND, "shop") is None)


def configuration(trees: Trees) -> str:
    """What the root's gateway is told."""
    volumes = trees.must("Deployment", "shop--gateway")["spec"]["template"]["spec"]["volumes"]
    (name,) = [each["configMap"]["name"] for each in volumes if "configMap" in each]
    text: str = trees.must("ConfigMap", name)["data"]["nginx.conf"]
    return text


def test_requests_are_refused_while_it_is_stopped_and_passed_on_once_it_is_started(cli: Cli, trees: Trees) -> None:
    trees.apply("shop", shop() | {"services": {"web": shop()["services"]["web"]}})
    trees.until_ready("shop")
    assert "return 503" not in configuration(trees)
    assert cli("stop", "shop/web", "--wait", "--timeout", "180s").code == Exit.DONE
    assert "return 503" in configuration(trees)
    assert cli("set", "image", "shop/web=lab.invalid/unready:1").code == Exit.DONE
    late = cli("start", "shop/web", "--wait", "--timeout", "6s")
    assert late.code == Exit.TIMED_OUT, late.err
    trees.until("requests are passed on", lambda: "return 503" not in configuration(trees))
    trees.settle()
    mark = trees.audit.mark()
    done = cli("set", "image", "shop/web=docker.io/library/web:2", "--wait", "--timeout", "180s")
    assert done.code == Exit.DONE, done.err
    trees.until_ready("shop")
    assert [each for each in targets(trees.writes(mark)) if "deployments" in each and "gateway" in each] == []
