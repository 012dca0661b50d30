"""How a container ends, and what of it stays."""

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from ailtire_operator.cli import app
from e2e.applying import apply, get, ready
from e2e.asking import Pod
from e2e.conftest import Lab
from e2e.tree import pods, root, up, web
from kindlab import kube
from lab.waiting import eventually

pytestmark = pytest.mark.usefixtures("operator")
SERVICE = "ailtire.io/service"


def ending(image: str, signal: str, delay: str, grace: str) -> dict[str, Any]:
    """A service that takes its time to stop."""
    environment = {"PROBE_STOP_DELAY": delay}
    return {"image": image, "user": "1000", "stopSignal": signal, "stopGracePeriod": grace, "environment": environment}


def two_endings(image: str) -> dict[str, Any]:
    """One that has the time it needs, and one that has not."""
    return {"patient": ending(image, "SIGINT", "4s", "20s"), "hasty": ending(image, "SIGQUIT", "30s", "2s")}


def ended(namespace: str, key: str) -> list[str]:
    """Delete the pod of a service and return what its process said of its end."""
    [name] = pods(namespace, f"{SERVICE}={key}")
    said = Pod(namespace, name).end()
    return [line.get("signal", line["event"]) for line in said if line["event"] in ("signal", "stopped")]


def test_a_container_meets_its_stop_signal_and_has_its_time(lab: Lab, namespace: str) -> None:
    up(namespace, root(two_endings(lab.images.probe_musl), "unused.example"))
    template = get(namespace, "deployment/shop-patient")["spec"]["template"]["spec"]
    assert template["containers"][0]["lifecycle"]["stopSignal"] == "SIGINT"
    assert ended(namespace, "patient") == ["SIGINT", "stopped"]
    assert ended(namespace, "hasty") == ["SIGQUIT"]


def test_where_the_api_server_keeps_no_stop_signal_a_hook_sends_it(lab: Lab, namespace: str, tmp_path: Path) -> None:
    file = tmp_path / "stack.yaml"
    file.write_text(yaml.safe_dump(root(two_endings(lab.images.probe), "unused.example")))
    # Rendered for no cluster in particular, nothing is known of what an API server keeps.
    with contextlib.redirect_stdout(io.StringIO()) as rendered:
        assert app.run(["render", str(file)]) == 0
    apply(namespace, *yaml.safe_load_all(rendered.getvalue()))
    ready(namespace, "deployment/shop-patient", "deployment/shop-hasty")
    template = get(namespace, "deployment/shop-patient")["spec"]["template"]["spec"]
    assert "preStop" in template["containers"][0]["lifecycle"]
    assert ended(namespace, "patient")[:2] == ["SIGINT", "stopped"]
    assert ended(namespace, "hasty")[0] == "SIGQUIT"


def test_data_of_each_replica_follows_it_to_another_node(lab: Lab, namespace: str) -> None:
    mount = {"data": {"source": "records", "target": "/data"}}
    db = web(lab.images.probe, volumes=mount, deploy={"replicas": 2}, environment={"PROBE_DATA": "/data"})
    data = {"records": {"size": "16Mi", "perReplica": True}}
    up(namespace, root({"db": db}, "unused.example", data=data))
    names = sorted(pods(namespace, f"{SERVICE}=db"))
    for name in names:
        Pod(namespace, name).run("sh", "-c", f"echo of {name} > /data/file")
    node = get(namespace, f"pod/{names[0]}")["spec"]["nodeName"]
    before = get(namespace, f"pod/{names[0]}")["metadata"]["uid"]
    kube.kubectl("cordon", node)
    try:
        kube.kubectl("delete", f"pod/{names[0]}", "-n", namespace)
        eventually(lambda: names[0] in pods(namespace, f"{SERVICE}=db"), seconds=180, what="the replica's return")
        ready(namespace, f"pod/{names[0]}")
    finally:
        kube.kubectl("uncordon", node)
    again = get(namespace, f"pod/{names[0]}")
    assert again["metadata"]["uid"] != before
    assert again["spec"]["nodeName"] != node
    assert [Pod(namespace, name).run("cat", "/data/file") for name in names] == [f"of {name}\n" for name in names]


def test_jobs_run_to_their_end_and_count_as_ready(lab: Lab, namespace: str) -> None:
    job = {"image": lab.images.probe_musl, "user": "1000", "command": ["work", "1s"]}
    up(namespace, root({"once": {**job, "deploy": {"mode": "replicatedJob", "replicas": 2}}}, "unused.example"))

    def succeeded() -> list[int]:
        jobs = json.loads(kube.kubectl("get", "jobs", "-n", namespace, "-o", "json"))["items"]
        return [each["status"].get("succeeded", 0) for each in jobs]

    eventually(lambda: succeeded() == [2], seconds=180, what="the end of the job")
