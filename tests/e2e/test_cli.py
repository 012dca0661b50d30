"""``kubectl ailtire logs`` and usage with real containers: a simulated node has neither."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from e2e.applying import apply
from e2e.conftest import Lab, Tree
from kindlab import kube
from kindlab.places import KUBECONFIG
from lab.client import kubectl_path
from lab.paths import ROOT
from lab.waiting import eventually
from support.checks.commands import INTERRUPTIBLE

pytestmark = pytest.mark.usefixtures("operator")
_PROGRAM = [sys.executable, "-c", "from ailtire_operator.cli import main; main()"]


def variables() -> dict[str, str]:
    return {**os.environ, "KUBECONFIG": str(KUBECONFIG), "PYTHONPATH": str(ROOT / "operator"), "NO_COLOR": "1"}


def run(namespace: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [*_PROGRAM, *arguments, "-n", namespace]
    return subprocess.run(command, env=variables(), capture_output=True, text=True, check=False, timeout=180)


def saying(lab: Lab, script: str, **more: Any) -> dict[str, Any]:
    """A service that says what a shell script says."""
    return {"image": lab.images.nginx, "user": "1000", "entrypoint": ["sh", "-c", script], **more}


def shop(lab: Lab, version: str = "1", **more: Any) -> dict[str, Any]:
    """A root that speaks every second, and a child that speaks once; times tell the order."""
    beat = f"i=0; while true; do i=$((i+1)); echo beat {version} $i; sleep 0.5; done"
    child = {"services": {"once": saying(lab, "sleep 1; echo child speaks; exec sleep 3600")}}
    services = {"beat": saying(lab, beat, stopGracePeriod="1s"), "cpl": {"type": "stack", "stack": child}, **more}
    kind = {"apiVersion": "ailtire.io/v1alpha1", "kind": "AiltireStack"}
    return {**kind, "metadata": {"name": "shop"}, "spec": {"services": services}}


def ready(namespace: str) -> None:
    waited = run(namespace, "wait", "shop", "--timeout", "150s")
    assert waited.returncode == 0, waited.stderr


@contextmanager
def following(namespace: str, folder: Path, *arguments: str) -> Iterator[Callable[[str], list[str]]]:
    """The lines of a follower until there is one with a text; at last it has to end as Ctrl-C ends it."""
    out, err = folder / "out", folder / "err"
    with out.open("w") as told, err.open("w") as said:
        command = [*INTERRUPTIBLE, *_PROGRAM, "logs", *arguments, "-f", "-n", namespace]
        process = subprocess.Popen(command, env=variables(), stdout=told, stderr=said)

        def until(text: str) -> list[str]:
            deadline = time.monotonic() + 180
            while text not in out.read_text():
                assert time.monotonic() < deadline, f"no {text!r} in {out.read_text()[-2000:]}{err.read_text()[-2000:]}"
                assert process.poll() is None, err.read_text()
                time.sleep(0.2)
            return out.read_text().splitlines()

        try:
            yield until
            process.send_signal(signal.SIGINT)
            assert process.wait(120) == 130
            assert "Traceback" not in err.read_text()
        finally:
            process.kill()
            process.wait()


def test_a_tree_is_read_in_the_order_of_time(lab: Lab, namespace: str) -> None:
    apply(namespace, shop(lab))
    ready(namespace)
    eventually(lambda: "child speaks" in run(namespace, "logs", "shop/cpl").stdout, what="what the child says")
    time.sleep(2)  # for some lines more of the other
    lines = run(namespace, "logs", "shop", "--tail", "-1", "-o", "json").stdout.splitlines()
    told = [json.loads(line) for line in lines]
    assert [each["time"] for each in told] == sorted(each["time"] for each in told)
    assert {each["path"] for each in told} == {"shop/beat", "shop/cpl/once"}
    assert run(namespace, "logs", "shop/cpl").stdout.rstrip().endswith("| child speaks")
    last = run(namespace, "logs", "shop/beat", "--tail", "1", "--no-prefix").stdout.split()
    assert last[:2] == ["beat", "1"]
    assert len(run(namespace, "logs", "shop", "--since", "2s", "-c", "beat").stdout.splitlines()) <= 6


def test_following_goes_on_with_successors_and_new_services(lab: Lab, namespace: str, tmp_path: Path) -> None:
    apply(namespace, shop(lab))
    ready(namespace)
    with following(namespace, tmp_path, "shop", "--tail", "1") as until:
        until("beat 1 ")
        apply(namespace, shop(lab, "2"))
        lines = until("beat 2 3")
        assert any("beat 2 1" in line for line in lines), "a successor is read from its first line on"
        apply(namespace, shop(lab, "2", late=saying(lab, "echo late; exec sleep 3600")))
        assert any(line.startswith("shop/late ") for line in until("| late"))
    beats = [line.partition("| ")[2] for line in (tmp_path / "out").read_text().splitlines() if "beat 2" in line]
    assert len(beats) == len(set(beats)), "no line comes twice"
    assert "shop/late" in (tmp_path / "err").read_text()


def test_what_it_said_before_it_crashed(lab: Lab, namespace: str, tmp_path: Path) -> None:
    script = (
        "if [ -e /mark/x ]; then echo up again; exec sleep 3600; fi; touch /mark/x; echo going down; sleep 2; exit 3"
    )
    apply(namespace, shop(lab, crash=saying(lab, script, volumes={"mark": {"target": "/mark"}})))
    with following(namespace, tmp_path, "shop/crash") as until:
        assert [line.partition("| ")[2] for line in until("up again")] == ["going down", "up again"]
    assert run(namespace, "logs", "shop/crash", "--no-prefix").stdout == "up again\n"
    assert run(namespace, "logs", "shop/crash", "--no-prefix", "--previous").stdout == "going down\n"


def test_who_may_not_read_logs_is_told_which_right_lacks(lab: Lab, namespace: str, tmp_path: Path) -> None:
    apply(namespace, shop(lab))
    ready(namespace)
    rights = ["--verb=get,list", "--resource=pods,ailtirestacks.ailtire.io"]
    kube.kubectl("create", "role", "half", *rights, "-n", namespace)
    kube.kubectl("create", "serviceaccount", "half", "-n", namespace)
    kube.kubectl("create", "rolebinding", "half", "--role=half", f"--serviceaccount={namespace}:half", "-n", namespace)
    config = json.loads(kube.kubectl("config", "view", "--raw", "-o", "json"))
    token = kube.kubectl("create", "token", "half", "-n", namespace).strip()
    config["users"] = [{"name": each["name"], "user": {"token": token}} for each in config["users"]]
    (tmp_path / "half").write_text(json.dumps(config))
    asking = ("logs", "shop", "--kubeconfig", str(tmp_path / "half"))
    eventually(lambda: "ailtirestacks" not in run(namespace, *asking).stderr, what="the rights that there are")
    refused = run(namespace, *asking)
    assert refused.returncode == 2
    assert 'cannot get resource "pods/log"' in refused.stderr


def with_kubectl() -> dict[str, str]:
    """For what kubectl does in place of the program: it has to be on the PATH."""
    return {**variables(), "PATH": f"{kubectl_path().parent}:{os.environ['PATH']}"}


def test_what_runs_is_looked_into_and_what_crashes_says_why(lab: Lab, namespace: str) -> None:
    apply(namespace, shop(lab, crash=saying(lab, "echo no database; exit 3")))
    waited = run(namespace, "wait", "shop/beat", "--timeout", "150s")
    assert waited.returncode == 0, waited.stderr
    script = 'read line; echo "$0 $line"; exit 7'
    command = [*_PROGRAM, "exec", "shop/beat", "-n", namespace, "-i", "--", "sh", "-c", script, "a b"]
    done = subprocess.run(
        command, env=with_kubectl(), input="c\n", capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout == "a b c\n", done.stderr
    assert done.returncode == 7, "the command's own"

    def said() -> str:
        return run(namespace, "wait", "shop", "--timeout", "0").stderr

    eventually(lambda: "  | no database\n" in said(), seconds=180, what="the log of what crashes")

    def logs() -> dict[str, list[str] | None]:
        services = json.loads(run(namespace, "tree", "shop", "--logs", "1", "-o", "json").stdout)["services"]
        return {each["key"]: each["log"] and each["log"]["lines"] for each in services}

    # Between two runs the status says for a moment that it starts.
    eventually(lambda: logs() == {"beat": None, "crash": ["no database"]}, seconds=180, what="the same in the tree")
    told = ("events", "shop/crash", "--types", "Warning")
    eventually(lambda: "BackOff" in run(namespace, *told).stdout, seconds=180, what="the Event of the kubelet")


def test_an_edge_is_reached_without_its_address(asked_tree: Tree) -> None:
    command = [*INTERRUPTIBLE, *_PROGRAM, "open", "shop/cpl/dm/web", "-n", asked_tree.namespace, "--forward"]
    with subprocess.Popen(command, env=with_kubectl(), stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().split()[0]  # it comes once kubectl listens
            here = "/".join(url.split("/")[:3])
            with urllib.request.urlopen(f"{here}/cpl/dm/web/x", timeout=30) as answer:
                assert answer.status == 200
            process.send_signal(signal.SIGINT)
            assert process.wait(120) == 130
        finally:
            process.kill()


def test_a_tree_shows_what_every_service_uses(asked_tree: Tree) -> None:
    def rows() -> list[tuple[int, int] | None]:
        """Thousandths of a processor and MiB of each stack and service; None where nothing is measured yet."""
        shown = run(asked_tree.namespace, "tree", "shop", "--usage")
        assert (shown.returncode, shown.stderr) == (0, "")
        found = [re.search(r"(\d+)m +(\d+)Mi$", line) for line in shown.stdout.splitlines()[1:]]
        return [(int(each[1]), int(each[2])) if each else None for each in found]

    # A pod is measured by its kubelet every ten seconds or so, and counts once that was seen twice.
    eventually(lambda: all(rows()), seconds=180, what="a measure of every service")
    (_, whole), *below = [each for each in rows() if each is not None]
    assert len(below) == 12, "eight services, and two stacks below with one each"
    assert all(memory > 0 for _, memory in below)
    assert whole > max(memory for _, memory in below)
