"""One gateway for a whole tree on a real control plane: what is there, what a change of routes writes, moving over."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from ailtire_operator import naming
from ailtire_operator.cli.failures import Exit
from ailtire_operator.cluster.kinds import POD
from ailtire_operator.plan.network.membership import OWN as OWN_NETWORK
from cluster.program import Cli
from lab import ControlPlane, Operator
from lab.api import Refused
from lab.audit import OPERATOR
from support.kube.operators import relieved
from support.kube.trees import Manifest, Trees, child, service, targets, tree

STACKS = ("shop", "shop-cpl", "shop-cpl-dm")
TREE_GATEWAY = naming.tree_gateway("shop")
OWN = {naming.gateway(each) for each in STACKS}


def written(*, asked: bool = True, leaf: str = "docker.io/library/web:1", path: str = "/dm") -> Manifest:
    """Three levels, with a route at each; whose root asks for one gateway for all of them, or not."""
    spec = tree(leaf)
    inner = spec["services"]["cpl"]["stack"]["services"]["dm"]
    inner["interface"] = {path: {"path": "/"}}
    return {**spec, "gateway": {"tree": asked}}


def gateways(trees: Trees) -> set[str]:
    """The Deployments of gateways."""
    components = (naming.COMPONENT_GATEWAY, naming.COMPONENT_TREE_GATEWAY)
    found = trees.all_of("Deployment")
    return {each["metadata"]["name"] for each in found if _component(each) in components}


def tables(trees: Trees) -> dict[int, dict[str, Any]]:
    """By port: what a stack's routes are at the tree's gateway."""
    found = dict[int, dict[str, Any]]()
    for each in trees.all_of("ConfigMap"):
        if _component(each) == naming.COMPONENT_TREE_GATEWAY and "nginx.conf" not in (each.get("data") or {}):
            found |= {int(key.partition(".")[0]): json.loads(text) for key, text in (each.get("data") or {}).items()}
    return found


def port(trees: Trees, stack: str) -> int:
    """Where the Service of a stack leads at the tree's gateway; 0 while it leads to its own."""
    spec = trees.must("Service", stack)["spec"]
    if spec["selector"].get(naming.LABEL_COMPONENT) != naming.COMPONENT_TREE_GATEWAY:
        return 0
    return next(int(each["targetPort"]) for each in spec["ports"] if each["port"] == naming.GATEWAY_PORT)


def notes(trees: Trees) -> set[str]:
    """What the pods of the tree's gateway are noted to have."""
    pods = [each for each in trees.all_of("Pod") if _component(each) == naming.COMPONENT_TREE_GATEWAY]
    return {(each["metadata"].get("annotations") or {}).get(naming.ANNOTATION_TABLES, "") for each in pods}


def turned(trees: Trees) -> bool:
    """Whether every stack is served by the tree's gateway, and none has another."""
    return gateways(trees) == {TREE_GATEWAY} and all(port(trees, each) for each in STACKS)


def up(trees: Trees) -> None:
    trees.apply("shop", written())
    trees.until_ready(*STACKS)
    trees.until("one gateway", lambda: turned(trees))
    trees.settle()


def _component(obj: Manifest) -> str:
    return str((obj["metadata"].get("labels") or {}).get(naming.LABEL_COMPONENT))


def test_one_gateway_serves_a_tree_and_a_change_of_routes_replaces_no_pod(
    trees: Trees, cli: Cli, tmp_path: Path
) -> None:
    """One story on one tree, as it takes longest to make it."""
    up(trees)
    _each_stack_has_a_port_a_table_and_a_policy(trees, cli, tmp_path)
    _of_pods_the_operator_may_write_one_annotation(trees)
    _what_others_change_is_put_back(trees)
    _a_change_of_routes_writes_a_table_and_a_note(trees)
    _a_wrong_stack_keeps_its_routes(trees)


def _each_stack_has_a_port_a_table_and_a_policy(trees: Trees, cli: Cli, folder: Path) -> None:
    """And nothing is to be written, by `diff`."""
    file = folder / "stack.json"
    file.write_text(json.dumps(trees.manifest("shop", written())))
    same = cli("diff", str(file))
    assert (same.code, same.out) == (Exit.DONE, ""), same.out + same.err
    reached = cli("reach", "shop/web", "shop/cpl")
    assert "reaches shop/cpl on 3000/TCP" in reached.out, reached.out + reached.err
    assert cli("reach", "shop/web", "shop/cpl/dm").code == Exit.NO
    ports = {each: port(trees, each) for each in STACKS}
    assert ports["shop"] == naming.GATEWAY_PORT
    assert len(set(ports.values())) == len(STACKS)
    assert {ports[each] for each in STACKS[1:]} <= set(naming.TREE_GATEWAY_PORTS)
    found = tables(trees)
    assert {found[ports[each]]["stack"] for each in STACKS} == set(STACKS)
    assert len([each for each in trees.all_of("Pod") if "gateway" in _component(each)]) == 2
    for each in STACKS[1:]:
        opened = trees.must("NetworkPolicy", naming.network_policy(each, OWN_NETWORK, "entry"))["spec"]
        assert opened["podSelector"]["matchLabels"][naming.LABEL_STACK] == "shop"
        assert [rule["ports"] for rule in opened["ingress"]] == [[{"port": ports[each], "protocol": "TCP"}]]
    for each in STACKS:
        assert trees.must(naming.KIND, each)["spec"].get("place", {}).get("gatewayPort") == (
            ports[each] if each != "shop" else None
        )


def _of_pods_the_operator_may_write_one_annotation(trees: Trees) -> None:
    """Of those of a tree's gateway, and nothing else of them."""
    pods = {_component(each): each["metadata"]["name"] for each in trees.all_of("Pod")}
    gateway, web = pods[naming.COMPONENT_TREE_GATEWAY], pods[naming.COMPONENT_SERVICE]

    account = replace(trees.plane.api, acting_as=OPERATOR)

    def refusal(name: str, change: Manifest) -> str:
        try:
            account.merge(POD.path(trees.namespace, name) + "?dryRun=All", change)
        except Refused as error:
            return str(error)
        return ""

    note = {"metadata": {"annotations": {naming.ANNOTATION_TABLES: "x"}}}
    (container,) = trees.must("Pod", gateway)["spec"]["containers"]
    image = {"spec": {"containers": [{**container, "image": "docker.io/library/other:1"}]}}
    assert refusal(gateway, note) == ""
    assert "no pod but those of a tree's gateway" in refusal(web, note)
    assert "no annotation of a pod but" in refusal(gateway, {"metadata": {"annotations": {"other": "x"}}})
    for change in (
        {"spec": {"activeDeadlineSeconds": 1}},
        image,
        {"metadata": {"labels": {"other": "x"}}},
        {"metadata": {"finalizers": ["example.com/held"]}},
        {"metadata": {"ownerReferences": None}},
    ):
        assert "changes nothing of a pod but one annotation" in refusal(gateway, change), change


def _what_others_change_is_put_back(trees: Trees) -> None:
    """Tables, and Services that turn to the gateway."""
    before = tables(trees)
    leaf = port(trees, "shop-cpl-dm")
    name = naming.gateway_tables("shop", leaf % naming.GATEWAY_TABLES)
    trees.patch("configmap", name, {"data": {f"{leaf}.json": "{}"}}, manager="somebody")
    trees.until("the table as it was", lambda: tables(trees) == before)
    trees.patch("configmap", name, {"data": {f"{leaf}.json": None}}, manager="somebody")
    trees.until("the table there again", lambda: tables(trees) == before)
    trees.delete("configmap", name)
    trees.until("all tables there again", lambda: tables(trees) == before)
    trees.patch("service", "shop-cpl-dm", {"spec": {"selector": {"of": "another"}}}, manager="somebody")
    trees.until("the Service as it was", lambda: "of" not in trees.must("Service", "shop-cpl-dm")["spec"]["selector"])
    trees.until_ready(*STACKS)
    trees.settle()
    assert turned(trees)


def _a_change_of_routes_writes_a_table_and_a_note(trees: Trees) -> None:
    """It replaces no pod."""
    pods = {each["metadata"]["uid"] for each in trees.all_of("Pod")}
    before, noted, mark = tables(trees), notes(trees), trees.audit.mark()
    trees.apply("shop", written(path="/other"))
    trees.until("routes", lambda: tables(trees) != before)
    trees.until_ready(*STACKS)
    trees.settle()
    changed = {number for number, table in tables(trees).items() if table != before[number]}
    assert changed == {port(trees, "shop-cpl")}
    assert {each["metadata"]["uid"] for each in trees.all_of("Pod")} == pods
    assert len(notes(trees)) == 1
    assert notes(trees) != noted
    wrote = {each.resource.partition(".")[0] for each in trees.writes(mark) if not each.subresource}
    assert wrote == {"configmaps", "pods", "ailtirestacks", "controllerrevisions", "events"}
    mark = trees.audit.mark()
    trees.settle()
    assert targets(trees.writes(mark)) == []


def _a_wrong_stack_keeps_its_routes(trees: Trees) -> None:
    """And harms nobody else's."""
    before = tables(trees)
    wrong = written(leaf="docker.io/library/web:2", path="/other")
    wrong["services"]["cpl"]["stack"]["services"]["dm"]["stack"]["services"]["api"]["interface"] = {"/x": {"prt": 1}}
    trees.apply("shop", wrong)
    trees.until("refused", lambda: not trees.is_ready("shop-cpl"))
    trees.settle()
    assert tables(trees) == before
    assert turned(trees)


def test_an_existing_tree_moves_over_and_back_also_where_the_operator_is_killed_on_the_way(
    trees: Trees, operator: Operator, control_plane: ControlPlane
) -> None:
    trees.apply("shop", written(asked=False))
    trees.until_ready(*STACKS)
    assert gateways(trees) == OWN
    services = {each["metadata"]["uid"] for each in trees.all_of("Pod") if "gateway" not in _component(each)}
    trees.apply("shop", written())
    trees.until("moved over", lambda: turned(trees))
    trees.until_ready(*STACKS)
    trees.settle()
    ports = {each: port(trees, each) for each in STACKS}

    mark = trees.audit.mark()
    with relieved(control_plane, operator, "tree-gateway"):
        trees.settle()
    assert targets(trees.writes(mark)) == []

    trees.apply("shop", written(asked=False))
    trees.until("on the way back", lambda: len(gateways(trees)) > 1)
    operator.kill()
    operator.start()
    trees.until("moved back", lambda: gateways(trees) == OWN and not any(port(trees, each) for each in STACKS))
    trees.until_ready(*STACKS)
    trees.settle()
    assert tables(trees) == {}
    assert [each for each in trees.owned().values() if _component(each) == naming.COMPONENT_TREE_GATEWAY] == []
    assert {each["metadata"]["uid"] for each in trees.all_of("Pod") if "gateway" not in _component(each)} == services
    trees.apply("shop", written())
    trees.until("ports", lambda: all(port(trees, each) for each in STACKS))
    assert {each: port(trees, each) for each in STACKS} == ports, "a stack keeps its port for as long as it exists"


def test_a_stack_that_asks_has_its_own_and_new_and_removed_stacks_come_and_go(trees: Trees) -> None:
    spec = written()
    route = {"/": {"path": "/", "port": 8080}}
    spec["services"]["own"] = child({"web": service(interface=route)}, interface={"/own": {"path": "/"}})
    spec["services"]["own"]["stack"]["gateway"] = {"own": True}
    trees.apply("shop", spec)
    trees.until_ready(*STACKS, "shop-own")
    trees.until("gateways", lambda: gateways(trees) == {TREE_GATEWAY, naming.gateway("shop-own")})
    trees.settle()
    assert port(trees, "shop-own") == 0
    generation = trees.must("Deployment", TREE_GATEWAY)["metadata"]["generation"]
    spec["services"]["more"] = child({"web": service(interface=route)}, interface={"/more": {"path": "/"}})
    del spec["services"]["cpl"]["stack"]["services"]["dm"]
    gone = port(trees, "shop-cpl-dm")
    trees.apply("shop", spec)
    trees.until_ready("shop", "shop-cpl", "shop-more")
    trees.until("the table of what is gone", lambda: gone not in tables(trees) or gone == port(trees, "shop-more"))
    trees.until("served", lambda: port(trees, "shop-more"))
    trees.settle()
    assert {each["stack"] for each in tables(trees).values()} == {"shop", "shop-cpl", "shop-more"}
    assert trees.must("Deployment", TREE_GATEWAY)["metadata"]["generation"] == generation
    trees.delete(naming.SINGULAR, "shop")
    trees.until("nothing is left", lambda: not trees.owned())


def test_a_tree_that_has_lost_its_owners_adopts_its_gateway_with_the_tables(trees: Trees) -> None:
    up(trees)
    ports, before = {each: port(trees, each) for each in STACKS}, tables(trees)
    pods = {each["metadata"]["uid"] for each in trees.all_of("Pod")}
    trees.orphan("shop")
    trees.until("the root is gone", lambda: trees.get(naming.KIND, "shop") is None)
    again = trees.manifest("shop", written())
    again["metadata"]["annotations"] = {naming.ANNOTATION_ADOPT: "true"}
    trees.apply_object(again)
    trees.until_ready(*STACKS)
    trees.settle()
    assert turned(trees)
    assert {each: port(trees, each) for each in STACKS} == ports
    assert set(tables(trees)) == set(before)
    for number, table in tables(trees).items():
        assert table == before[number]
    assert {each["metadata"]["uid"] for each in trees.all_of("Pod")} == pods
