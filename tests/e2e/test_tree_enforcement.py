"""Who reaches whom in a tree of three levels, tried over the network while its NetworkPolicies are in force.

What is tried must be what ``kubectl ailtire reach`` evaluates, and what the rule says of the definition alone: three
answers that come about without each other.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

import pytest
import yaml

from ailtire_operator import naming
from e2e import segments
from e2e.applying import Manifest, apply, get, ready
from e2e.asking import Pod
from e2e.conftest import Lab, fresh_namespace
from e2e.objects import container, pod
from e2e.routing import await_route, call
from e2e.segments import OUTSIDE, Place
from e2e.tree import up
from kindlab import kube
from kindlab.enforcing import Enforcement, enforced
from kindlab.places import KUBECONFIG
from lab.paths import ROOT
from lab.waiting import eventually
from support.kube.reachability import expected

Call = tuple[str, str, int]
"""Who calls whom, by their paths, on which port."""
_PROGRAM = (sys.executable, "-c", "from ailtire_operator.cli import main; main()")
_EDGE = ("shop", naming.GATEWAY_PORT)


@dataclass(frozen=True)
class Segments:
    """The tree, strangers around it, and who listens where."""

    namespace: str
    definition: Manifest
    host: str
    listening: dict[Place, list[int]]
    """Every pod of the namespace."""
    beyond: tuple[Place, ...]
    """Who is no pod of the namespace: a pod of another one with a member's labels, and a node."""
    enforcement: Enforcement
    since: float
    """When it began, as the clock has it."""

    @cached_property
    def targets(self) -> dict[str, tuple[Place, int]]:
        """By address and port: whose it is."""
        return {f"{place.address}/{port}": (place, port) for place, ports in self.listening.items() for port in ports}

    def possible(self) -> set[Call]:
        """Every call that there is, between different workloads."""
        callers = [*self.listening, *self.beyond]
        pairs = ((caller, *target) for caller in callers for target in self.targets.values())
        return {(caller.path, place.path, port) for caller, place, port in pairs if caller.path != place.path}

    def tried(self) -> set[Call]:
        """The calls that were made; those of a workload's pods must agree, and so must those of what it calls."""
        callers = [*self.listening, *self.beyond]
        made = segments.calls(callers, self.targets)
        found: dict[Call, set[bool]] = {}
        for caller in callers:
            for address, (place, port) in self.targets.items():
                if caller.path != place.path:
                    found.setdefault((caller.path, place.path, port), set()).add((caller, address) in made)
        mixed = [one for one, answers in found.items() if len(answers) > 1]
        assert not mixed, f"some pods and others not: {sorted(mixed)}"
        return {one for one, answers in found.items() if answers == {True}}

    def evaluated(self) -> set[Call]:
        """The calls that the command says are possible."""
        told = _run("reach", "--matrix", "-o", "json", "-n", self.namespace, "--kubeconfig", str(KUBECONFIG))
        ports = {(each["from"], each["to"]): each["ports"] for each in json.loads(told)["reach"]}
        return {
            (source, target, port)
            for source, target, port in self.possible()
            if {"all", f"{port}/TCP"} & set(ports.get((source, target), ()))
        }

    def pod(self, path: str) -> Pod:
        """A pod to ask."""
        return Pod(self.namespace, f"deploy/{path.replace('/', '-')}")


def _run(*arguments: str, stdin: str = "", **variables: str) -> str:
    command = [*_PROGRAM, *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "operator"), **variables}
    done = subprocess.run(command, env=environment, input=stdin, capture_output=True, text=True, check=True, timeout=60)
    return done.stdout


@pytest.fixture(scope="module")
def tree(lab: Lab, operator: None) -> Iterator[Segments]:
    with ExitStack() as stack:
        inside, elsewhere = (stack.enter_context(fresh_namespace()) for _ in range(2))
        host = f"{inside}.example"
        definition = segments.tree(lab.images.probe, lab.images.probe_musl, host)
        apply(inside, pod("stranger", container(lab.images.probe)))
        up(inside, definition)
        forged = pod("forged", container(lab.images.probe))
        member = get(inside, "deployment/shop-web")["spec"]["template"]["metadata"]["labels"]
        mark = naming.NETWORK_LABEL_PREFIX
        forged["metadata"]["labels"] |= {key: value for key, value in member.items() if key.startswith(mark)}
        apply(elsewhere, forged)
        ready(inside, "pod/stranger")
        ready(elsewhere, "pod/forged")
        await_route(lab.ingress, host, "/cpl/dm/web/x")
        pods = segments.places(inside)
        far = [each for each in segments.nodes() if each.node not in {one.node for one in pods}]
        assert far, "a node without a pod of the tree stands for the world outside"
        beyond = (*far, *(replace(each, path=OUTSIDE) for each in segments.places(elsewhere)))
        enforcement = stack.enter_context(enforced([inside, elsewhere]))
        yield Segments(inside, definition, host, segments.listeners(pods), beyond, enforcement, time.time())


@pytest.fixture(scope="module")
def tried(tree: Segments) -> set[Call]:
    return tree.tried()


def test_everybody_listens_and_a_pods_own_node_reaches_it(tree: Segments) -> None:
    """Else nobody could tell who was kept out from who found nobody at home."""
    assert all(tree.listening.values())
    here = {each.node: each for each in segments.nodes()}
    made = segments.calls(here.values(), tree.targets)
    assert {address for address, (place, _) in tree.targets.items() if (here[place.node], address) not in made} == set()


def test_what_is_tried_is_what_the_command_evaluates(tree: Segments, tried: set[Call]) -> None:
    evaluated = tree.evaluated()
    assert sorted(tried - evaluated) == []
    assert sorted(evaluated - tried) == []


def test_what_is_tried_is_what_the_rule_says(tree: Segments, tried: set[Call]) -> None:
    members = {each.path for each in tree.listening if not each.path.startswith("pod/")}
    named = {_object_name(path, members): path for path in members}
    rule = {(named[source], named[target]) for source, target in expected(tree.definition["spec"])}
    possible = {one for one in tree.possible() if {one[0], one[1]} <= members}
    # Whose networks are all internal sends nothing to the edge either.
    to_edge = {one for one in possible if one[1:] == _EDGE and one[0] != "shop/safe"}
    allowed = {one for one in possible if one[:2] in rule} | to_edge
    assert sorted((tried & possible) - allowed) == []
    assert sorted(allowed - tried) == []
    assert 0 < len(allowed) < len(possible)


def _object_name(path: str, members: set[str]) -> str:
    name = path.replace("/", "-")
    return naming.gateway(name) if path == "shop" or any(each.startswith(f"{path}/") for each in members) else name


def test_strangers_find_the_edge_open_and_nothing_else(tree: Segments, tried: set[Call]) -> None:
    members = {each.path for each in tree.listening if not each.path.startswith("pod/")}
    for stranger in ("pod/stranger", OUTSIDE):
        assert {one[1:] for one in tried if one[0] == stranger and one[1] in members} == {_EDGE}
    ports = {port for place, listed in tree.listening.items() for port in listed if place.path == "shop"}
    assert ports == {naming.GATEWAY_PORT, naming.GATEWAY_HEALTH_PORT}, "the second is for the gateway's own stack"


def test_services_are_reached_as_their_pods_are(tree: Segments, tried: set[Call]) -> None:
    listed = json.loads(kube.kubectl("get", "services", "-n", tree.namespace, "-o", "json"))["items"]
    by_name = {each["metadata"]["name"]: each["spec"] for each in listed}
    members = [each for each in tree.listening if not each.path.startswith("pod/")]
    paths = {each.path.replace("/", "-"): each.path for each in members}
    addresses = {
        f"{by_name[name]['clusterIP']}/{port['port']}": (path, port["targetPort"])
        for name, path in paths.items()
        for port in by_name[name]["ports"]
    }
    made = segments.calls(members, addresses)
    for caller in members:
        reached = {addresses[address] for one, address in made if one == caller} - {(caller.path, _EDGE[1])}
        wanted = {one[1:] for one in tried if one[0] == caller.path}
        assert reached == wanted & set(addresses.values()), caller.path


def test_who_is_in_internal_networks_alone_finds_names_and_members_and_nothing_beyond(tree: Segments) -> None:
    safe, keeper = tree.pod("shop/safe"), tree.pod("shop/keeper")
    server = get("default", "service/kubernetes")["spec"]["clusterIP"] + ":443"
    foreign = next(f"{each.address}:3000" for each in tree.beyond if each.task)
    assert keeper.reach("safe:3000", server, foreign) == {"safe:3000": True, server: True, foreign: True}
    assert safe.reach("keeper:3000", server, foreign) == {"keeper:3000": True, server: False, foreign: False}


@pytest.mark.parametrize(
    ("path", "stack"),
    [("/web/x", "shop"), ("/till/x", "shop"), ("/cpl/web/x", "shop-cpl"), ("/cpl/dm/web/x", "shop-cpl-dm")],
)
def test_routes_lead_from_the_edge_to_every_level(tree: Segments, lab: Lab, path: str, stack: str) -> None:
    for _ in range(4):
        status, answer = call(lab.ingress, tree.host, path)
        assert (status, answer["stack"], answer["path"]) == (200, stack, "/x")


def test_the_kubelet_goes_on_asking(tree: Segments) -> None:
    """Services are asked every second here and gateways every few: a refusal would show after three."""
    time.sleep(max(0.0, tree.since + 15 - time.time()))
    listed = json.loads(kube.kubectl("get", "pods", "-n", tree.namespace, "-o", "json"))["items"]
    for each in listed:
        became = next(one for one in each["status"]["conditions"] if one["type"] == "Ready")
        assert became["status"] == "True", each["metadata"]["name"]
        assert datetime.fromisoformat(became["lastTransitionTime"]).timestamp() < tree.since, each["metadata"]["name"]
        assert [one["restartCount"] for one in each["status"]["containerStatuses"]] == [0], each["metadata"]["name"]


def test_a_policy_of_somebody_else_opens_one_port(tree: Segments, tried: set[Call]) -> None:
    selected = {"ailtire.io/stack": "shop-cpl", "ailtire.io/service": "herald"}
    rule = {"from": [{"podSelector": {"matchLabels": {"app": "stranger"}}}], "ports": [{"port": 9000}]}
    spec = {"podSelector": {"matchLabels": selected}, "policyTypes": ["Ingress"], "ingress": [rule]}
    policy = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "debugging"}}
    apply(tree.namespace, {**policy, "spec": spec})
    tree.enforcement.refresh()
    opened = tried | {("pod/stranger", "shop/cpl/herald", 9000)}
    assert tree.evaluated() == opened
    eventually(lambda: tree.tried() == opened, what="one port more, and not the one beside it")


def test_published_ports_are_open_to_the_world_and_those_beside_them_closed(lab: Lab) -> None:
    """The operator of the tests gives nobody ports of a node, so what it would make of them is applied by hand."""
    with fresh_namespace() as namespace:
        kube.kubectl("label", "namespace", namespace, "--overwrite", "pod-security.kubernetes.io/enforce=privileged")
        given = {"AILTIRE_OPERATOR_ALLOW_PRIVILEGED": "true", "AILTIRE_OPERATOR_NAMESERVERS": "192.0.2.53"}
        definition = segments.publishing(lab.images.probe)
        apply(namespace, *yaml.safe_load_all(_run("render", "-", stdin=yaml.safe_dump(definition), **given)))
        ready(namespace, "deploy/shop-open")
        (place,) = segments.places(namespace)
        others = [each for each in segments.nodes() if each.node != place.node]
        here = next(each for each in segments.nodes() if each.node == place.node)
        node_port = get(namespace, "service/shop-open--published")["spec"]["ports"][0]["nodePort"]
        published = {f"{here.address}/{segments.HOST_PORT}", f"{here.address}/{node_port}"}
        direct = {f"{place.address}/{port}" for port in (3000, 9000)}
        beside = {f"{place.address}/9100"}
        with enforced([namespace]):
            assert segments.calls(others, published | direct | beside) == {
                (caller, target) for caller in others for target in published | direct
            }
