"""``exec`` and ``port-forward`` against a real API server: which pod they take, and what they have kubectl do.

A simulated node runs no container, so that a stand-in of kubectl writes down what it was asked for.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ailtire_operator import naming
from ailtire_operator.cli.failures import Exit
from cluster.program import Cli, Result, kubeconfig_of
from lab import ControlPlane
from lab.client import environment
from lab.paths import ROOT
from support.checks.commands import INTERRUPTIBLE
from support.kube.rights import account, until_may
from support.kube.trees import Manifest, Trees, child, service

STACKS = f"{naming.PLURAL}.{naming.GROUP}"
CODE = 42
"""That of the stand-in."""

Kubectl = Callable[..., tuple[Result, list[str]]]
"""Runs the program; its result, and the words that kubectl was given."""


@pytest.fixture
def kubectl(cli: Cli, tmp_path: Path) -> Kubectl:
    folder = tmp_path / "bin"
    folder.mkdir()
    told = tmp_path / "told"
    stand_in = folder / "kubectl"
    stand_in.write_text(f'#!/bin/sh\nfor each; do printf "%s\\n" "$each"; done >{told}\nexit {CODE}\n')
    stand_in.chmod(0o755)

    def run(*arguments: str) -> tuple[Result, list[str]]:
        told.unlink(missing_ok=True)
        result = cli(*arguments, PATH=f"{folder}:/usr/bin:/bin")
        return result, told.read_text().splitlines() if told.exists() else []

    return run


@contextmanager
def running(trees: Trees, *arguments: str, **more: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """A command that goes on, and the lines that it has printed so far."""
    command = [*INTERRUPTIBLE, sys.executable, "-c", "from ailtire_operator.cli import main; main()"]
    variables = {**environment(trees.plane.kubeconfig), "PYTHONPATH": str(ROOT / "operator"), **more}
    command += [*arguments, "-n", trees.namespace]
    with subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, text=True) as process:
        lines: list[str] = []

        def read() -> None:
            assert process.stdout is not None
            lines.extend(iter(process.stdout.readline, ""))

        reader = threading.Thread(target=read)
        reader.start()
        try:
            yield process, lines
        finally:
            process.kill()
            reader.join(30)


def shop(image: str = "docker.io/library/web:1", **more: Manifest) -> Manifest:
    route = {"/": {"path": "/", "port": 8080}}
    orders = child(
        {"api": service(image, interface=route, deploy={"replicas": 2})}, interface={"/orders": {"path": "/"}}
    )
    return {"services": {"orders": orders, "quiet": service(), **more}}


def test_kubectl_is_given_the_pod_and_the_container_of_a_path(kubectl: Kubectl, trees: Trees) -> None:
    trees.apply("shop", shop(db=service(volumes={"data": {"target": "/data"}}, deploy={"replicas": 2})))
    trees.until_ready("shop")
    names = {each["metadata"]["name"] for each in trees.all_of("Pod")}
    result, words = kubectl("exec", "shop/orders/api", "--", "sh", "-c", "echo 'a b'", "--", "x")
    pod = words[2]
    assert (result.code, result.out, result.err) == (CODE, "", ""), "the code is kubectl's, and nothing is added"
    assert pod in names
    assert words == [
        "exec", f"--namespace={trees.namespace}", pod, "--container=api", "--", "sh", "-c", "echo 'a b'", "--", "x"
    ]  # fmt: skip
    assert pod.startswith("shop-orders-api-")
    first = kubectl("exec", "shop/orders/api", "--index", "0", "-it", "--", "sh")[1]
    second = kubectl("exec", "shop/orders/api", "--index", "1", "--", "sh")[1]
    assert sorted([first[2], second[2]]) == sorted(each for each in names if each.startswith("shop-orders-api-"))
    assert first[3:] == ["--container=api", "--stdin", "--tty", "--", "sh"]
    assert kubectl("exec", "shop/orders", "--gateway", "--", "id")[1][2].startswith("shop-orders--gateway-")


def test_ports_are_those_of_the_service_or_of_the_stacks_gateway(kubectl: Kubectl, trees: Trees) -> None:
    trees.apply("shop", shop())
    trees.until_ready("shop")
    result, words = kubectl("port-forward", "shop/orders/api")
    assert result.code == CODE
    assert words[:3] == ["port-forward", f"--namespace={trees.namespace}", "--"]
    assert words[3].startswith("pod/shop-orders-api-")
    assert words[4:] == ["8080"]
    assert result.err == f"{words[3].replace('/', ' ')}, port 8080 of container api\n"
    _, words = kubectl("port-forward", "shop/orders", "9000:3000", "--address", "127.0.0.1")
    assert words[2:4] == ["--address=127.0.0.1", "--"]
    assert (words[4].startswith("pod/shop-orders--gateway-"), words[5:]) == (True, ["9000:3000"])
    none, words = kubectl("port-forward", "shop/quiet")
    assert (none.code, words) == (Exit.TROUBLE, [])
    assert "declares no TCP port" in none.err


def test_a_new_definition_that_does_not_come_up_leaves_the_one_before_to_look_into(
    kubectl: Kubectl, trees: Trees, control_plane: ControlPlane, tmp_path: Path
) -> None:
    trees.apply("shop", shop())
    trees.until_ready("shop")
    before = {each["metadata"]["name"] for each in trees.all_of("Pod")}
    trees.apply("shop", shop("lab.invalid/missing:1"))
    trees.until("trouble", lambda: trees.condition("shop").get("reason") == "ImagePullBackOff")
    result, words = kubectl("exec", "shop/orders/api", "--", "id")
    assert words[2] in before
    assert "is of the definition before: none of the current one is ready" in result.err
    # Whoever may read no ReplicaSets is told by the age of pods.
    trees.kubectl("create", "role", "few", "--verb=get,list", "--resource=pods,ailtirestacks.ailtire.io")
    few = kubeconfig_of("few", control_plane, trees.namespace, tmp_path)
    trees.kubectl("delete", "rolebinding", "few")
    trees.kubectl("create", "rolebinding", "few", "--role=few", f"--serviceaccount={trees.namespace}:few")
    until_may(control_plane, trees.namespace, account(trees.namespace, "few"), "list", "pods")
    result, words = kubectl("exec", "shop/orders/api", "--kubeconfig", few, "--", "id")
    assert words[1:3] == [f"--kubeconfig={few}", f"--namespace={trees.namespace}"], result.err
    assert words[3] in before


def test_why_there_is_no_pod_stands_in_plain_words(kubectl: Kubectl, trees: Trees) -> None:
    trees.apply("shop", shop("lab.invalid/missing:1", still=service(deploy={"replicas": 0})))
    trees.until("trouble", lambda: trees.condition("shop").get("reason") == "ImagePullBackOff")

    def said(*arguments: str) -> tuple[int, str]:
        result, words = kubectl(*arguments)
        assert words == []
        return result.code, result.err

    code, err = said("exec", "shop/orders/api", "--", "id")
    assert code == Exit.TROUBLE
    assert err.startswith("error: no container of shop/orders/api runs: ImagePullBackOff: ")
    code, err = said("exec", "shop/still", "--", "id")
    assert (code, "shop/still is stopped: it is to have 0 replicas" in err) == (Exit.TROUBLE, True)
    code, err = said("exec", "shop/orders", "--", "id")
    assert "shop/orders is a stack" in err
    assert "Name one of its services: shop/orders/api, or say --gateway for its gateway." in err
    assert "Did you mean quiet?" in said("port-forward", "shop/quite")[1]
    assert said("exec", "nobody/x", "--", "id")[0] == Exit.MISSING
    assert json.dumps(said("exec", "shop/quiet", "-c", "mesh", "--", "id")[1]).count("has no container 'mesh'") == 1


def test_what_is_in_the_way_is_told_with_its_log(
    cli: Cli, trees: Trees, control_plane: ControlPlane, tmp_path: Path
) -> None:
    trees.apply("shop", shop("lab.invalid/crashing:1", mute=service("lab.invalid/missing:1")))
    trees.until("trouble", lambda: trees.condition("shop").get("reason") == "CrashLoopBackOff")
    waited = cli("wait", "shop", "--timeout", "0", "-o", "json")
    assert waited.code == Exit.TIMED_OUT
    # A simulated node has no kubelet that could be asked: what is asked for is seen, and that it is one line.
    log = json.loads(waited.out)["log"]
    assert (log["path"], log["container"], log["previous"], log["lines"]) == ("shop/orders/api", "api", True, [])
    assert log["problem"]
    assert [
        line for line in waited.err.splitlines() if line.startswith("the log of shop/orders/api (pod shop-orders-api-")
    ]
    assert "the log of" not in cli("wait", "shop", "--timeout", "0", "--logs", "0").err
    assert "the log of" not in cli("wait", "shop/mute", "--timeout", "0").err, "what has never run has no log"
    view = kubeconfig_of("view", control_plane, trees.namespace, tmp_path)
    assert cli("tree", "shop", "--logs", "3", "--kubeconfig", view).out.count("the log of ") == 1
    trees.kubectl("create", "role", "stacks", "--verb=get,list", "--resource=ailtirestacks.ailtire.io")
    trees.kubectl("delete", "rolebinding", "view")
    trees.kubectl("create", "rolebinding", "view", "--role=stacks", f"--serviceaccount={trees.namespace}:view")
    until_may(control_plane, trees.namespace, account(trees.namespace, "view"), "list", "pods", may=False)
    until_may(control_plane, trees.namespace, account(trees.namespace, "view"), "list", STACKS)
    refused = cli("wait", "shop", "--timeout", "0", "--kubeconfig", view)
    assert (refused.code, refused.err.count("its log is not shown: ")) == (Exit.TIMED_OUT, 1)
    shown = cli("tree", "shop", "--logs", "3", "--kubeconfig", view)
    assert (shown.code, shown.err.count("note: logs are not shown: ")) == (Exit.DONE, 1)


def test_events_are_those_of_a_subtree_and_of_what_is_gone(cli: Cli, trees: Trees) -> None:
    # A stack below the root has an Event only where it is in trouble.
    metadata = {"name": "shop-orders-api", "namespace": trees.namespace}
    trees.apply_object({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": [{"port": 1}]}})
    trees.apply("shop", shop())
    trees.until("a Service in the way", lambda: trees.condition("shop-orders", "Conflicting").get("status") == "True")
    trees.delete("service", "shop-orders-api")
    trees.apply("shopper", {"services": {"web": service()}})
    trees.until_ready("shop", "shopper")
    (pod,) = [name for name in trees.names("Pod") if name.startswith("shop-quiet-")]
    trees.delete("pod", pod)
    trees.until("its successor", lambda: pod not in trees.names("Pod"))

    def told(*arguments: str) -> list[Manifest]:
        result = cli("events", *arguments, "-o", "json")
        assert result.code == Exit.DONE, result.err
        return [json.loads(line) for line in result.out.splitlines()]

    found = trees.until("all Events", lambda: _if_complete(told("shop"), pod))
    assert {each["path"] for each in found} == {"shop", "shop/quiet", "shop/orders", "shop/orders/api"}
    assert [each["time"] for each in found] == sorted(each["time"] for each in found)
    assert pod in {each["name"] for each in found if each["path"] == "shop/quiet"}, "gone, and still told of"
    assert {each["path"] for each in told("shop/orders")} == {"shop/orders", "shop/orders/api"}
    of_api = told("shop/orders/api")
    assert {each["path"] for each in of_api} == {"shop/orders/api"}
    assert {each["kind"] for each in of_api} >= {"Deployment", "ReplicaSet", "Pod"}
    assert {each["type"] for each in told("shop", "--types", "warning")} <= {"Warning"}
    shown = cli("events", "shop/orders/api", "--since", "1h")
    heads, *lines = shown.out.splitlines()
    assert heads.split("  ")[0] == "LAST SEEN"
    assert len(lines) >= len(of_api)
    assert all(line[heads.index("PATH") :].startswith("shop/orders/api ") for line in lines)
    assert cli("events", "shop/nothing").code == Exit.MISSING


def _if_complete(found: list[Manifest], pod: str) -> list[Manifest]:
    """The Events, once each of those that write them has told of its objects, and somebody of the pod that is gone."""
    kinds = {(each["path"], each["kind"]) for each in found}
    api = {("shop/orders/api", kind) for kind in ("Deployment", "ReplicaSet", "Pod")}
    stacks = {("shop", "AiltireStack"), ("shop/orders", "AiltireStack")}
    return found if api | stacks <= kinds and pod in {each["name"] for each in found} else []


def test_following_tells_what_comes_and_ends_by_ctrl_c(trees: Trees) -> None:
    trees.apply("shop", shop())
    trees.until_ready("shop")
    with running(trees, "events", "shop", "-f") as (process, lines):
        trees.until("what there was", lambda: len(lines) > 3)
        assert lines[0].startswith("TIME ")
        trees.apply("shop", shop(late=service("lab.invalid/missing:1")))
        trees.until("a new service", lambda: any(" shop/late " in line and "Pod/" in line for line in lines))
        process.send_signal(signal.SIGINT)
        assert process.wait(120) == Exit.INTERRUPTED


FORWARDING = """#!{python}
# Listens as kubectl port-forward does, says who it is, and goes on until it is ended.
import http.server, os, sys
pod, ports = sys.argv[-2:]

class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"{{os.getpid()}} {{pod}} {{ports.partition(':')[2]}} {{self.path}}".encode())

http.server.HTTPServer(("127.0.0.1", int(ports.partition(":")[0])), Answer).serve_forever()
"""


def test_an_edge_without_an_address_is_reached_at_once(trees: Trees, tmp_path: Path) -> None:
    trees.apply("shop", {**shop(), "edge": {"hosts": ["shop.example"]}})
    trees.until_ready("shop")
    (tmp_path / "kubectl").write_text(FORWARDING.format(python=sys.executable))
    (tmp_path / "kubectl").chmod(0o755)
    with running(trees, "open", "shop/orders/api", "--forward", PATH=f"{tmp_path}:/usr/bin:/bin") as (process, lines):
        trees.until("the URL", lambda: lines)
        url, service = lines[0].split()
        assert url.startswith("http://127.0.0.1:")
        assert (url[url.rindex(":") :].partition("/")[2], service) == ("orders/", "shop/orders/api:8080")

        def answer() -> list[str]:
            try:
                with urllib.request.urlopen(url, timeout=60) as found:
                    return found.read().decode().split()  # type: ignore[no-any-return]
            except OSError:
                return []

        first, pod, port, path = trees.until("an answer", answer)
        assert (port, path) == ("3000", "/orders/")
        assert pod.startswith("pod/shop--gateway-")
        os.kill(int(first), signal.SIGTERM)
        second = trees.until("another connection", lambda: next((each for each in answer()[:1] if each != first), ""))
        process.send_signal(signal.SIGINT)
        assert process.wait(120) == Exit.INTERRUPTED
        assert not Path(f"/proc/{second}").exists(), "kubectl has ended with it"


def test_what_open_cannot_forward_is_told(kubectl: Kubectl, trees: Trees) -> None:
    trees.apply("shop", shop())
    trees.until_ready("shop")
    failed, words = kubectl("open", "shop/orders", "--forward")
    assert words[:3] == ["port-forward", f"--namespace={trees.namespace}", "--address=127.0.0.1"]
    assert (failed.code, failed.out) == (Exit.TROUBLE, "")
    assert f"kubectl port-forward has ended with exit code {CODE}" in failed.err
    none, words = kubectl("open", "shop/quiet", "--forward")
    assert (none.code, words) == (Exit.NO, [])
    assert "shop/quiet has no interface" in none.err
