"""``kubectl ailtire diff``, and what else only looks at a tree at rest, against a real API server."""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ailtire_operator import naming
from ailtire_operator.cli.failures import Exit
from cluster.program import Cli, Result, kubeconfig_of
from lab import Audit, ControlPlane, Operator, eventually
from lab.audit import ADMINISTRATOR
from lab.paths import ROOT
from support.kube.trees import Manifest, Trees, child, service, tree

BAD_IMAGE = "lab.invalid/missing:1"
EXAMPLES = sorted(path for path in (ROOT / "examples").glob("0*") if (path / "stack.yaml").exists())


def stack(spec: Manifest, name: str = "shop") -> str:
    """A definition as a file's text."""
    return json.dumps({"apiVersion": naming.API_VERSION, "kind": naming.KIND, "metadata": {"name": name}, "spec": spec})


def changed(result: Result) -> set[str]:
    """The objects of a diff."""
    lines = [line.split()[3] for line in result.out.splitlines() if line.startswith("diff -u -N ")]
    return {name.removeprefix("live/") for name in lines}


@pytest.fixture
def shop(trees: Trees) -> Manifest:
    """A ready tree, written by server-side apply."""
    return settled(trees)


def settled(trees: Trees) -> Manifest:
    spec = tree()
    trees.apply("shop", spec)
    trees.until_ready("shop")
    trees.settle()
    return spec


@pytest.fixture(scope="module")
def resting(control_plane: ControlPlane, audit: Audit, installed_operator: Operator) -> Iterator[Trees]:
    """The same for all tests that only look at it."""
    installed_operator.start()
    name = f"test-{uuid.uuid4().hex[:8]}"
    control_plane.kubectl("create", "namespace", name)
    trees = Trees(control_plane, audit, name)
    settled(trees)
    yield trees
    control_plane.kubectl("delete", "ats", "--all", "-n", name)
    control_plane.kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture
def look(control_plane: ControlPlane, resting: Trees, operator: Operator) -> Cli:
    return Cli(control_plane, resting.namespace)


def test_no_difference_and_nothing_written(look: Cli, resting: Trees, audit: Audit) -> None:
    mark = audit.mark()
    assert look("diff", "-", stdin=stack(tree())) == Result(0, "", "no difference\n")
    assert audit.writes(mark, user=ADMINISTRATOR, namespace=resting.namespace) == []


def test_one_image_changes_its_path_and_nothing_else(look: Cli, resting: Trees) -> None:
    result = look("diff", "-", stdin=stack(tree(leaf_image="web:2")))
    assert result.code == Exit.NO
    ns = resting.namespace
    stacks = {f"ailtire.io.v1alpha1.AiltireStack.{ns}.{name}" for name in ("shop", "shop-cpl", "shop-cpl-dm")}
    assert changed(result) == stacks | {f"apps.v1.Deployment.{ns}.shop-cpl-dm-api"}
    assert result.out.count("web:2") == 4
    assert result.err == "would be: 4 changed\n"


CHANGES: dict[str, Any] = {
    "a stack becomes a service": {"services": {"web": service(interface={"/": {"port": 8080}}), "cpl": service()}},
    "a service becomes a stack": {"services": {"web": child({"x": service()}), "cpl": tree()["services"]["cpl"]}},
    "a service gets a port and another goes": {
        "services": {"cache": service(ports={"redis": {"port": 6379}}), "cpl": tree()["services"]["cpl"]}
    },
    "an alias, an edge and more replicas": {
        **tree(),
        "edge": {"hosts": ["shop.example"]},
        "gateway": {"replicas": 2},
    },
}


@pytest.mark.parametrize("spec", CHANGES.values(), ids=CHANGES.keys())
def test_what_is_foretold_comes_true(cli: Cli, trees: Trees, shop: Manifest, spec: Manifest) -> None:
    before = fingerprints(trees)
    foretold = cli("diff", "-", stdin=stack(spec))
    assert foretold.code == Exit.NO, foretold.err
    trees.apply("shop", spec)
    trees.until_ready("shop")
    trees.settle()
    after = fingerprints(trees)
    came = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    names = {name.rpartition(".")[2] for name in changed(foretold)}
    # A Service's address, and so the zone's entry, is not known before it is there.
    assert {name for kind, name in came if kind != "EndpointSlice"} - names == set()
    assert cli("diff", "-", stdin=stack(spec)) == Result(0, "", "no difference\n")


def test_what_would_wait_for_others_is_shown_as_held_back(cli: Cli, trees: Trees) -> None:
    def pair(image: str) -> Manifest:
        web = service(image=image, dependsOn={"db": {"condition": "healthy"}})
        return {"services": {"web": web, "db": service(image=image)}}

    def held(spec: Manifest) -> dict[str, str]:
        data = json.loads(cli("diff", "-", "-o", "json", stdin=stack(spec)).out)
        return {
            f"{each['kind']} {each['name']}": each["heldBack"] for each in data["differences"] if "heldBack" in each
        }

    assert held(pair("web:1")) == {"Deployment shop-web": "waits for db to be healthy (not created yet)"}
    trees.apply("shop", pair("web:1"))
    trees.until_ready("shop")
    assert held(pair("web:1")) == {}
    reason = "waits with its update for db to be healthy (not updated yet)"
    assert held(pair("web:2")) == {"Deployment shop-web": reason}
    shown = cli("diff", "-", stdin=stack(pair("web:2")))
    assert f"\n# held back: {reason}\n--- live/apps.v1.Deployment" in shown.out
    assert "held back: 1" in shown.err


def test_a_job_on_every_node_is_foretold_with_their_number(
    cli: Cli, trees: Trees, control_plane: ControlPlane, tmp_path: Path
) -> None:
    spec = {"services": {"once": service(deploy={"mode": "globalJob"})}}
    nodes = len(trees.plane.api.get("/api/v1/nodes")["items"])
    assert f"\n+  completions: {nodes}\n" in cli("diff", "-", stdin=stack(spec)).out
    editor = kubeconfig_of("edit", control_plane, trees.namespace, tmp_path)
    guess = cli("diff", "-", "--kubeconfig", editor, stdin=stack(spec))
    assert "\n+  completions: 1\n" in guess.out
    assert "note: nodes may not be listed, so a new job of mode globalJob is shown for one node\n" in guess.err
    trees.apply("shop", spec)
    trees.until_ready("shop")
    assert trees.all_of("Job")[0]["spec"]["completions"] == nodes
    assert cli("diff", "-", stdin=stack(spec)) == Result(0, "", "no difference\n")


def fingerprints(trees: Trees) -> dict[tuple[str, str], str]:
    """What is there, without what moves by itself."""
    return {
        key: json.dumps(
            [obj["metadata"]["uid"], obj.get("spec"), obj.get("data"), obj.get("endpoints")], sort_keys=True
        )
        for key, obj in trees.owned().items()
        if ("gateway" not in key[1] or key[0] != "ConfigMap") and naming.REVISION_INFIX not in key[1]
    } | {(naming.KIND, "shop"): json.dumps(trees.must(naming.KIND, "shop")["spec"], sort_keys=True)}


def test_a_stack_of_client_side_apply_is_compared_as_such(cli: Cli, trees: Trees) -> None:
    first = stack({"services": {"web": service(), "old": service()}})
    trees.kubectl("apply", "-f", "-", stdin=first)
    trees.until_ready("shop")
    trees.settle()
    assert cli("diff", "-", stdin=first).code == Exit.DONE
    result = cli("diff", "-", stdin=stack({"services": {"web": service()}}))
    assert f"apps.v1.Deployment.{trees.namespace}.shop-old" in changed(result)
    assert "1 deleted" not in result.err


def test_a_foreign_object_in_the_way_is_named(cli: Cli, trees: Trees, shop: Manifest) -> None:
    trees.kubectl("create", "service", "clusterip", "shop-extra", "--tcp=80")
    wanted = {"services": {**shop["services"], "extra": service(ports={"http": {"port": 80}})}}
    result = cli("diff", "-", stdin=stack(wanted))
    assert "note: Service shop-extra exists already and was not made by this stack but by kubectl-create" in result.err
    assert f"v1.Service.{trees.namespace}.shop-extra" not in changed(result)


def test_a_template_is_shown_with_who_follows_it(cli: Cli, trees: Trees) -> None:
    template = {"templateOnly": True, "services": {"api": service()}}
    trees.apply("payment", template)
    trees.apply("shop", {"services": {"pay": {"type": "stack", "stackRef": {"name": "payment"}}}})
    trees.until_ready("shop")
    trees.settle()
    changing = {"templateOnly": True, "services": {"api": service("web:2")}}
    result = cli("diff", "-", stdin=stack(changing, "payment"))
    names = {name.rpartition(".")[2] for name in changed(result)}
    assert names == {"payment", "shop-pay", "shop-pay-api"}


def test_what_would_be_refused_is_trouble(cli: Cli, trees: Trees, operator: Operator) -> None:
    result = cli("diff", "-", stdin=stack({"services": {"web": {"imag": "x"}}}))
    assert (result.code, result.out) == (Exit.TROUBLE, "")
    assert "spec.services.web" in result.err


def test_another_program_may_compare(look: Cli) -> None:
    wanted = stack(tree(leaf_image="web:2"))
    listed = look("diff", "-", stdin=wanted, KUBECTL_EXTERNAL_DIFF="diff -r -q")
    assert listed.code == Exit.NO
    assert listed.out.count("differ") == 4
    assert look("diff", "-", stdin=wanted, KUBECTL_EXTERNAL_DIFF="true").code == Exit.DONE
    missing = look("diff", "-", stdin=wanted, KUBECTL_EXTERNAL_DIFF="no-such-program")
    assert missing.code == Exit.TROUBLE
    assert "cannot run no-such-program" in missing.err


def test_exporting_what_runs_equals_exporting_its_definition(look: Cli) -> None:
    live = look("export", "shop", "--report", "none")
    assert live.code == Exit.DONE
    written = look("export", "-f", "-", "--report", "none", stdin=stack(tree()))
    assert list(yaml.safe_load_all(written.out)) == list(yaml.safe_load_all(live.out))
    assert live.out.count("# shop") == 3


def test_names_are_completed(look: Cli, resting: Trees) -> None:
    asked = {"_KUBECTL_AILTIRE_COMPLETE": "complete_kubectl"}
    # TAB waits for no slow cluster: on a busy machine it may take more than one try.
    eventually(lambda: look("tree", "shop-", **asked).out == "shop-cpl\nshop-cpl-dm\n:4\n")
    namespaces = ("tree", "x", "--namespace", resting.namespace[:-1])
    eventually(lambda: look(*namespaces, **asked).out == f"{resting.namespace}\n:4\n")


def test_an_editor_may_do_everything_and_a_viewer_look(
    look: Cli, control_plane: ControlPlane, resting: Trees, tmp_path: Path
) -> None:
    viewer = kubeconfig_of("view", control_plane, resting.namespace, tmp_path)
    assert look("tree", "shop", "--kubeconfig", viewer).code == Exit.DONE
    assert look("wait", "shop", "--kubeconfig", viewer).code == Exit.DONE
    wanted = stack({"services": {"web": service("web:2"), "new": service()}})
    refused = look("diff", "-", "--kubeconfig", viewer, stdin=wanted)
    assert refused.code == Exit.TROUBLE
    assert "cannot patch resource" in refused.err
    editor = kubeconfig_of("edit", control_plane, resting.namespace, tmp_path)
    told = look("diff", "-", "--kubeconfig", editor, stdin=wanted)
    assert (told.code, changed(told)) == (Exit.NO, changed(look("diff", "-", stdin=wanted)))


def using(template: str, **fields: Any) -> Manifest:
    return {"services": {"pay": {"type": "stack", "stackRef": {"name": template}}}, **fields}


def test_a_template_is_weighed_for_every_tree_that_uses_it(cli: Cli, trees: Trees, audit: Audit) -> None:
    """Four roots, one of them through another template, and one that the new template makes invalid."""
    accounts = {"serviceAccounts": ["payer"]}
    trees.apply("payment", {"templateOnly": True, "services": {"api": service(), "db": service()}, **accounts})
    trees.apply("outer", {"templateOnly": True, **using("payment", **accounts)})
    for name, spec in {
        "direct": using("payment", **accounts),
        "through": using("outer", **accounts),
        "narrow": using("payment"),
        "apart": {"services": {"web": service()}},
    }.items():
        trees.apply(name, spec)
        trees.until_ready(name)
    trees.settle()
    mark = audit.mark()
    services = {"api": service("web:2", serviceAccountName="payer"), "cache": service()}
    changing = stack({"templateOnly": True, "services": services, **accounts}, "payment")

    result = cli("diff", "-", "-o", "json", stdin=changing)
    assert result.code == Exit.TROUBLE
    data = json.loads(result.out)
    found = {each["tree"]: each for each in data["trees"]}
    assert {name: each["verdict"] for name, each in found.items()} == {
        "direct": "valid",
        "narrow": "invalid",
        "through": "valid",
    }
    through = found["through"]
    assert through["stacks"] == ["through/pay/pay"]
    assert through["services"] == {
        "added": ["through/pay/pay/cache"],
        "changed": ["through/pay/pay/api"],
        "removed": ["through/pay/pay/db"],
    }
    assert through["podsReplaced"] == ["through/pay/pay/api"]
    assert "serviceAccountName" in found["narrow"]["problems"][0]
    names = {each["name"] for each in data["differences"]}
    assert {"direct-pay-api", "through-pay-pay-api"} <= names
    assert not any(name.startswith("narrow") for name in names), "what is refused stays as it is"

    shown = cli("diff", "-", "--trees", "0", stdin=changing)
    assert shown.code == Exit.TROUBLE
    assert changed(shown) == {f"ailtire.io.v1alpha1.AiltireStack.{trees.namespace}.payment"}
    assert "template payment: used by 3 trees: 1 would become invalid, 2 would change, 1 would stay" in shown.err
    assert "  narrow: would become invalid (spec.services.pay.stackRef(payment)" in shown.err
    assert "of 2 more trees that would change too (--trees shows them)" in shown.err
    assert audit.writes(mark, user=ADMINISTRATOR, namespace=trees.namespace) == []

    trees.kubectl("delete", "ats", "narrow")
    assert cli("diff", "-", "--trees", "0", stdin=changing).code == Exit.NO


def test_what_a_template_is_foretold_to_do_to_trees_comes_true(cli: Cli, trees: Trees) -> None:
    trees.apply("payment", {"templateOnly": True, "services": {"api": service(), "db": service()}})
    for name in ("one", "two"):
        trees.apply(name, using("payment"))
        trees.until_ready(name)
    trees.settle()
    old = {name: trees.must("Deployment", name)["spec"]["template"] for name in ("one-pay-api", "one-pay-db")}
    spec = {"templateOnly": True, "services": {"api": service("web:2"), "db": service(deploy={"replicas": 2})}}
    data = json.loads(cli("diff", "-", "-o", "json", stdin=stack(spec, "payment")).out)
    assert {each["tree"]: each["podsReplaced"] for each in data["trees"]} == {
        "one": ["one/pay/api"],
        "two": ["two/pay/api"],
    }
    trees.apply("payment", spec)
    trees.until("the template has arrived", lambda: trees.must("Deployment", "two-pay-db")["spec"]["replicas"] == 2)
    for name in ("one", "two"):
        trees.until_ready(name)
    trees.settle()
    new = {name: trees.must("Deployment", name)["spec"]["template"] for name in old}
    assert [name for name in old if old[name] != new[name]] == ["one-pay-api"]
    assert cli("diff", "-", stdin=stack(spec, "payment")) == Result(0, "", "no difference\n")


def test_validate_asks_the_cluster_which_trees_a_template_makes_invalid(cli: Cli, trees: Trees, audit: Audit) -> None:
    trees.apply("payment", {"templateOnly": True, "services": {"api": service(), "db": service()}})
    trees.apply("kiosk", using("payment"))
    needs = {"web": service(dependsOn={"pay/db": {}}), **using("payment")["services"]}
    trees.apply("shop", {"services": needs})
    for name in ("kiosk", "shop"):
        trees.until_ready(name)
    trees.settle()
    mark = audit.mark()
    smaller = stack({"templateOnly": True, "services": {"api": service()}}, "payment")
    assert cli("validate", "-", stdin=smaller).code == Exit.DONE
    result = cli("validate", "-", "--with-cluster", stdin=smaller)
    assert (result.code, result.out) == (Exit.NO, "")
    assert "template payment: used by 2 trees (invalid with it: shop; valid: kiosk)\n" in result.err
    assert (
        "AiltireStack payment: the tree shop of the cluster would become invalid by the template payment" in result.err
    )
    larger = stack({"templateOnly": True, "services": {"api": service(), "db": service(), "x": service()}}, "payment")
    fine = cli("validate", "-", "--with-cluster", stdin=larger)
    assert (fine.code, fine.err) == (Exit.DONE, "")
    assert "template payment: used by 2 trees (valid: kiosk, shop)\n" in fine.out
    root = cli("validate", "-", "--with-cluster", stdin=stack(using("payment"), "new"))
    assert (root.code, root.err) == (Exit.DONE, ""), "the template of the cluster is known"
    assert audit.writes(mark, user=ADMINISTRATOR, namespace=trees.namespace) == []
