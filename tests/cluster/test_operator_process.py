"""The operator as a process: who leads, what the probes say, how it ends."""

import json
import re
import signal
import time
from pathlib import Path

from cluster.cluster_layer import install_definitions
from lab import ControlPlane, Operator
from support.kube.operators import Another, another
from support.kube.trees import Trees, service, tree

LEASE_SECONDS = 15
LEASE = ("-n", "ailtire-system", "lease/ailtire-operator")


def holder(control_plane: ControlPlane) -> str:
    """The identity of who leads; empty where the lease was given back."""
    lease = json.loads(control_plane.kubectl("get", *LEASE, "-o", "json"))
    return str(lease["spec"].get("holderIdentity", ""))


def until_ready(trees: Trees, operator: Another) -> None:
    trees.until("ready", operator.is_ready)


def test_a_standby_watches_and_never_writes_and_takes_over_when_the_leader_is_killed(
    trees: Trees, operator: Operator, control_plane: ControlPlane
) -> None:
    with another(control_plane, operator, "standby") as standby:
        until_ready(trees, standby)
        trees.apply("shop", tree())
        trees.until_ready("shop")
        assert (standby.number("ailtire_leader"), standby.number("ailtire_writes_total")) == (0, 0)
        assert standby.number("ailtire_stacks") >= 3
        operator.kill()
        killed = time.monotonic()
        trees.apply("shop", tree("docker.io/library/web:2"))
        trees.until("another leads", lambda: standby.number("ailtire_writes_total") > 0)
        assert time.monotonic() - killed <= LEASE_SECONDS + 30, "generous: this machine may be busy"
        trees.until_ready("shop")
        assert (
            trees.must("Deployment", "shop-cpl-dm-api")["spec"]["template"]["spec"]["containers"][0]["image"][-1] == "2"
        )
        standby.process.send_signal(signal.SIGTERM)
        assert standby.process.wait(timeout=60) == 0


def test_a_stop_is_clean_and_gives_the_lease_back(
    trees: Trees, operator: Operator, control_plane: ControlPlane
) -> None:
    operator.stop()
    with another(control_plane, operator, "first") as first:
        until_ready(trees, first)
        trees.until("it leads", lambda: first.number("ailtire_leader") == 1)
        with another(control_plane, operator, "second") as second:
            until_ready(trees, second)
            trees.apply("shop", tree())  # in the middle of work
            trees.until("work", lambda: trees.names("Deployment"))
            led = holder(control_plane)
            first.process.send_signal(signal.SIGTERM)
            assert first.process.wait(timeout=60) == 0
            assert holder(control_plane) != led, "it has given the lease back, so that nobody waits for its end"
            trees.until("the other leads", lambda: second.number("ailtire_leader") == 1)
            trees.until_ready("shop")
        said = first.log.read_text()
        assert not [each for each in ("Traceback", "could not be given back") if each in said]


def test_who_loses_the_lease_no_longer_writes_and_may_win_it_again(
    trees: Trees, operator: Operator, control_plane: ControlPlane
) -> None:
    operator.stop()
    with another(control_plane, operator, "robbed") as robbed:
        trees.until("it leads", lambda: robbed.number("ailtire_leader") == 1)
        stolen = {"holderIdentity": "thief", "leaseDurationSeconds": 300, "renewTime": "2026-01-01T00:00:00.000000Z"}

        def change(spec: dict[str, object]) -> None:
            control_plane.kubectl("patch", *LEASE, "--type=merge", "-p", json.dumps({"spec": spec}))

        change(stolen)
        trees.until("it has lost", lambda: robbed.number("ailtire_leader") == 0)
        written = robbed.number("ailtire_writes_total")
        trees.apply("shop", {"services": {"web": service()}})
        time.sleep(1)
        assert robbed.number("ailtire_writes_total") == written
        change({"holderIdentity": "", "leaseDurationSeconds": 1})  # as a holder that stops gives it back
        trees.until("it leads again", lambda: robbed.number("ailtire_leader") == 1)
        trees.until_ready("shop")
        assert robbed.process.poll() is None


def test_the_pages_say_what_is_wrong(trees: Trees, operator: Operator, control_plane: ControlPlane) -> None:
    environment = {"AILTIRE_OPERATOR_WATCH_SILENCE_SECONDS": "12", "AILTIRE_OPERATOR_LEADER_ELECTION": "false"}
    with another(control_plane, operator, "watched", **environment) as watched:
        until_ready(trees, watched)
        assert watched.page("/healthz") == (200, "ok")
        trees.apply("shop", {"services": {"web": service()}})
        trees.until_ready("shop")
        text = watched.page("/metrics")[1]
        for metric in ("reconcile_seconds_bucket", "queue_depth", "stacks", "watch_age_seconds", "leader"):
            assert f"\nailtire_{metric}" in text
        # Nothing of these kinds happens, and no bookmark comes for a minute: for so strict a limit that is too quiet.
        trees.until("silence", lambda: watched.page("/healthz")[0] == 503)
        assert "has been silent for" in watched.page("/healthz")[1]


def test_without_a_cluster_it_ends_and_says_so(operator: Operator, control_plane: ControlPlane, tmp_path: Path) -> None:
    with another(control_plane, operator, "lost", KUBECONFIG=str(tmp_path / "none")) as lost:
        assert lost.process.wait(timeout=120) != 0
        assert "no usable configuration for the cluster" in lost.log.read_text()


def test_without_the_definition_of_stacks_it_waits(
    trees: Trees, operator: Operator, control_plane: ControlPlane
) -> None:
    """A kubeconfig that may not list stacks looks the same: not ready, and the reason is on the page."""
    trees.kubectl("create", "serviceaccount", "nobody")
    token = trees.kubectl("create", "token", "nobody").strip()
    kubeconfig = control_plane.home / "nobody.kubeconfig"
    text = operator.kubeconfig.read_text()
    ours = next(line for line in text.splitlines() if "token:" in line)
    kubeconfig.write_text(text.replace(ours, f"{ours.partition('token:')[0]}token: {token}"))
    with another(control_plane, operator, "nobody", KUBECONFIG=str(kubeconfig)) as nobody:
        trees.until("it says why", lambda: "AiltireStack:" in nobody.page("/readyz")[1])
        assert nobody.page("/readyz")[0] == 503


def test_the_definition_of_stacks_may_go_and_come_back(
    trees: Trees, operator: Operator, control_plane: ControlPlane
) -> None:
    trees.apply("shop", {"services": {"web": service()}})
    trees.until_ready("shop")
    pid = operator.pid
    try:
        control_plane.kubectl("delete", "crd", "ailtirestacks.ailtire.io")
        trees.until("no stacks", lambda: _stacks(operator) == 0)
        trees.until("nothing of them", lambda: not trees.names("Deployment"))
        assert operator.get("/healthz") == "ok"
    finally:
        install_definitions(control_plane)
    trees.apply("shop", {"services": {"web": service("docker.io/library/web:2")}})
    trees.until_ready("shop")
    assert operator.pid == pid
    assert "Traceback" not in operator.log.read_text()


def _stacks(operator: Operator) -> float:
    """How many stacks it knows."""
    found = re.findall(r"^ailtire_stacks{[^}]*} (\S+)$", operator.get("/metrics"), re.MULTILINE)
    return sum(map(float, found))
