"""One gateway for a whole tree as ``render`` and ``reach`` show it: the same routes, and the same who reaches whom."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ailtire_operator import naming
from ailtire_operator.cli.reach_objects import of_files
from ailtire_operator.cli.sources import Document
from ailtire_operator.reach.policies import Evaluator
from support.checks.commands import Run

Spec = dict[str, Any]
_ROUTE = {"/": {"path": "/", "port": 8080}}


def _service(*, routed: bool) -> Spec:
    return {"image": "web:1", "user": "1000", **({"interface": _ROUTE} if routed else {})}


@st.composite
def _stacks(draw: st.DrawFn, depth: int = 3) -> Spec:
    """The spec of a stack: services with and without routes, children that are reached or not."""
    services = {f"s{number}": _service(routed=draw(st.booleans())) for number in range(draw(st.integers(1, 2)))}
    for number in range(draw(st.integers(0, 2)) if depth else 0):
        child: Spec = {"type": "stack", "stack": draw(_stacks(depth - 1))}
        if draw(st.booleans()):
            child["interface"] = {f"/c{number}": {"path": "/"}}
        if draw(st.integers(0, 4)) == 0:
            child["stack"]["gateway"] = {"own": True}
        services[f"c{number}"] = child
    return {"services": services}


def _written(spec: Spec, *, asked: bool) -> str:
    whole = {**spec, "gateway": {"tree": asked}}
    metadata = {"name": "shop", "namespace": "prod"}
    return yaml.safe_dump({"apiVersion": naming.API_VERSION, "kind": naming.KIND, "metadata": metadata, "spec": whole})


def _reach(spec: Spec, *, asked: bool) -> set[tuple[str, str]]:
    found = of_files([Document("stack.yaml", 1, yaml.safe_load(_written(spec, asked=asked)))], "prod")
    everyone = list(found.workloads.values())
    return set(Evaluator(found).matrix(everyone, everyone))


def _gateways(spec: Spec, path: str = "shop") -> set[str]:
    """The paths of stacks that have a gateway, each of them named as its stack."""
    found = {path} if any(each.get("interface") for each in spec["services"].values()) else set[str]()
    below = {key: each for key, each in spec["services"].items() if "stack" in each}
    return found.union(*(_gateways(each["stack"], f"{path}/{key}") for key, each in below.items()))


@given(_stacks())
def test_who_reaches_whom_is_the_same_with_one_gateway_for_the_tree(spec: Spec) -> None:
    """Each stack's entry is open to its members and its parent's alone; the gateway itself calls what it routes to."""
    own, shared = (_reach(spec, asked=asked) for asked in (False, True))
    gateways = {
        *_gateways(spec),
        f"deployment/{naming.tree_gateway('shop')}",
    }  # so it is called where nobody has a route
    assert {pair for pair in shared if pair[0] not in gateways} == {pair for pair in own if pair[0] not in gateways}
    assert {pair for pair in own if pair[0] in gateways} <= shared


def test_the_root_has_the_gateway_and_each_stack_a_table_a_port_and_a_policy(run: Run, tmp_path: Path) -> None:
    leaf = {"services": {"web": _service(routed=True)}}
    middle = {"services": {"leaf": {"type": "stack", "interface": {"/leaf": {"path": "/"}}, "stack": leaf}}}
    inner = {"type": "stack", "interface": {"/mid": {"path": "/"}}, "stack": middle}
    spec = {"services": {"web": _service(routed=True), "mid": inner}}
    made = run("render", "-", stdin=_written(spec, asked=True)).documents
    named = {(each["kind"], each["metadata"]["name"]): each for each in made}
    assert [name for kind, name in named if kind == "Deployment" and "gateway" in name] == ["shop--tree-gateway"]
    ports = {
        name: named["Service", name]["spec"]["ports"][0]["targetPort"] for name in ("shop", "shop-mid", "shop-mid-leaf")
    }
    assert ports["shop"] == naming.GATEWAY_PORT
    data = [named["ConfigMap", naming.gateway_tables("shop", number)].get("data") or {} for number in range(8)]
    tables = {int(key.partition(".")[0]): json.loads(text) for each in data for key, text in each.items()}
    assert {table["stack"]: port for port, table in tables.items()} == ports
    (route,) = [each for each in tables[ports["shop"]]["routes"] if each["prefix"] == "/mid"]
    assert route["target"] == f"127.0.0.1:{ports['shop-mid']}", "a level calls the next over loopback"
    assert run("render", "-", stdin=_written(spec, asked=True)).documents == made


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ({"mid": {"type": "stack", "stack": {"services": {"a": _service(routed=True)}, "gateway": {"tree": True}}}},
         "one gateway for the tree is the choice of its root 'shop'"),
        ({"web": {**_service(routed=False), "interface": {"/": {"protocol": "tcp", "port": 12000, "path": "/"}}}},
         "which the gateway of the tree needs itself"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_its_place(run: Run, spec: Spec, text: str) -> None:
    found = run("validate", "-", stdin=_written({"services": spec}, asked=True))
    assert found.code != 0
    assert text in found.err


def test_a_stack_with_tcp_ports_has_its_own_and_says_so(run: Run) -> None:
    tcp = {**_service(routed=False), "interface": {"/q": {"protocol": "tcp", "port": 5672}}}
    spec = {"services": {"web": _service(routed=True), "mid": {"type": "stack", "stack": {"services": {"mq": tcp}}}}}
    made = run("render", "--report", "text", "-", stdin=_written(spec, asked=True))
    assert "TCP ports are passed through by number, so the stack has a gateway of its own" in made.err
    names = {each["metadata"]["name"] for each in made.documents if each["kind"] == "Deployment"}
    assert {"shop--tree-gateway", "shop-mid--gateway"} <= names
