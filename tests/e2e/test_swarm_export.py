"""A tree that left Kubernetes: what ``kubectl ailtire export`` writes is deployed by its own script, and answers."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from e2e.loading import load
from e2e.routing import await_route, call
from kindlab import swarm, workloads
from kindlab.workloads import Workloads
from lab.waiting import eventually

PORT = 18080
ADDRESS = f"127.0.0.1:{PORT}"
HOST = "shop.example"
CHECK = {"test": ["CMD", "probe", "check", "http://127.0.0.1:3000/ready"], "interval": "1s", "retries": 5}
Deploy = Callable[..., list[str]]


def tree(images: Workloads) -> dict[str, Any]:
    """Three levels, each with a service web."""

    def web(image: str, **more: Any) -> dict[str, Any]:
        return {"image": image, "user": "1000", "interface": {"/web": {"path": "/"}}, "healthcheck": CHECK, **more}

    def child(services: dict[str, Any], prefix: str, **more: Any) -> dict[str, Any]:
        inside = {"services": services, "gateway": gateway, **more}
        return {"type": "stack", "interface": {prefix: {"path": "/"}}, "stack": inside}

    gateway = {"image": images.nginx, "replicas": 1}
    joining = web(images.probe_musl, networks={"siblings": {"aliases": ["front"]}, "parent": {}})
    leaf = {"web": web(images.probe), "Policy_Engine": web(images.probe, interface={"/policy": {"path": "/"}})}
    services = {
        "web": web(images.probe, stopSignal="SIGINT"),
        "hidden": {"image": images.probe, "user": "1000"},
        "cpl": child({"web": joining, "dm": child(leaf, "/dm")}, "/cpl"),
    }
    return {"services": services, "gateway": gateway, "interface": {"ports": {str(PORT): 3000}}}


@pytest.fixture(scope="module")
def images() -> Workloads:
    """The workloads; no cluster is needed for them."""
    return workloads.ensure()


@pytest.fixture
def deploy(images: Workloads, swarm_mode: None, tmp_path: Path) -> Iterator[Deploy]:
    """Exports a definition, runs deploy.sh, and waits until all tasks run; the stacks go with the test."""
    deployed: dict[str, None] = {}

    def exported(spec: dict[str, Any], *options: str) -> list[str]:
        head = {"apiVersion": "ailtire.io/v1alpha1", "kind": "AiltireStack", "metadata": {"name": "exp"}}
        (tmp_path / "exp.json").write_text(json.dumps({**head, "spec": spec}))
        command = [sys.executable, "-c", "from ailtire_operator.cli import main; main()", "export"]
        command += [
            "-f",
            str(tmp_path / "exp.json"),
            "-o",
            str(tmp_path / "swarm"),
            "--endpoint-mode",
            "dnsrr",
            *options,
        ]
        told = subprocess.run([*command, *options], capture_output=True, text=True, check=True, timeout=180).stderr
        stacks = [line.split()[-1] for line in told.splitlines() if "docker stack deploy" in line]
        deployed.update(dict.fromkeys(stacks))
        script = [str(tmp_path / "swarm" / "deploy.sh"), "--resolve-image", "never"]
        subprocess.run(script, check=True, capture_output=True, text=True, timeout=240)
        for stack in stacks:
            eventually(partial(swarm.settled, stack), seconds=240, what=f"every task of {stack} running")
        return stacks

    try:
        yield exported
    finally:
        swarm.remove(*reversed(deployed))


def answers(*paths: str) -> list[Any]:
    return [call(ADDRESS, HOST, path)[1] for path in paths]


def one(stack: str, service: str) -> swarm.Container:
    (found,) = (each for each in swarm.containers(stack) if each.service == service)
    return found


def known(container: swarm.Container, *names: str) -> set[str]:
    found = container.ask("/_probe/resolve?" + "&".join(f"name={name}" for name in names))
    return {name for name, answer in found.items() if answer["addresses"]}


def test_every_level_answers_and_names_are_those_of_the_cluster(images: Workloads, deploy: Deploy) -> None:
    assert deploy(tree(images)) == ["exp", "exp-cpl", "exp-cpl-dm"]
    await_route(ADDRESS, HOST, "/cpl/dm/web/x")
    found = answers("/web/a?b=c", "/cpl/web/a", "/cpl/dm/policy/a", "/cpl/dm/web/a")
    assert [(answer["stack"], answer["path"]) for answer in found] == [
        ("exp", "/a"),
        ("exp-cpl", "/a"),
        ("exp-cpl-dm", "/a"),
        ("exp-cpl-dm", "/a"),
    ]
    assert found[-1]["headers"]["X-Forwarded-Prefix"] == ["/cpl/dm/web"]
    assert [call(ADDRESS, HOST, path)[0] for path in ("/nope", "/cpl/nope", "/cpl/dm/nope")] == [404] * 3

    names = ("web", "hidden", "cpl", "dm", "admin", "front", "policy_engine", "policy-engine")
    leaf, middle = one("exp-cpl-dm", "web"), one("exp-cpl", "exp-cpl-web")
    assert known(one("exp", "web"), *names) == {"web", "hidden", "cpl", "admin"}
    assert known(middle, *names) == {"web", "hidden", "cpl", "dm", "admin", "front"}
    assert known(leaf, *names) == {"web", "admin", "policy_engine", "policy-engine"}
    environment = leaf.environment()
    assert environment["AILTIRE_STACKNAME"] == "exp-cpl-dm_web-1"
    assert (environment["AILTIRE_PARENT"], environment["AILTIRE_PARENTHOST"]) == ("exp-cpl-dm", "admin")


def test_websockets_pass_through_three_gateways(images: Workloads, deploy: Deploy) -> None:
    deploy(tree(images))
    await_route(ADDRESS, HOST, "/cpl/dm/web/x")
    with load(f"http://{HOST}/cpl/dm/web/x", ADDRESS, 50, sockets=3):
        time.sleep(3)
    with load(f"http://{HOST}/cpl/dm/web/x", ADDRESS, 50, sockets=3) as steady:
        time.sleep(5)
    print(steady)
    assert steady.messages["sent"] > 0
    assert steady.lost == 0, steady


def test_a_changed_route_reaches_the_gateway_that_runs(images: Workloads, deploy: Deploy) -> None:
    spec = tree(images)
    deploy(spec)
    await_route(ADDRESS, HOST, "/cpl/dm/web/x")
    middle = spec["services"]["cpl"]["stack"]["services"]
    middle["dm"]["interface"] = {"/moved": {"path": "/"}}
    deploy(spec)
    await_route(ADDRESS, HOST, "/cpl/moved/web/x")
    # The old task goes on until the new one serves.
    eventually(lambda: call(ADDRESS, HOST, "/cpl/dm/web/x")[0] == 404, seconds=180, what="the end of the old route")


def test_one_file_answers_the_same(images: Workloads, deploy: Deploy) -> None:
    assert deploy(tree(images), "--single") == ["exp"]
    await_route(ADDRESS, HOST, "/cpl/dm/web/x")
    found = answers("/web/a", "/cpl/web/a", "/cpl/dm/web/a")
    assert [(answer["stack"], answer["path"]) for answer in found] == [
        ("exp", "/a"),
        ("exp-cpl", "/a"),
        ("exp-cpl-dm", "/a"),
    ]
    assert known(one("exp", "cpl-dm-web"), "web", "hidden", "admin", "policy-engine") == {
        "web", "admin", "policy-engine",
    }  # fmt: skip
