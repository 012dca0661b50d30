"""The ground that all other end-to-end tests stand on: nodes, names, ways in, signals, and a count to be trusted."""

import json
import time
from typing import Any

import pytest

from e2e.applying import apply, get, pods, ready
from e2e.asking import Pod
from e2e.conftest import Lab
from e2e.loading import load
from e2e.objects import container, deployment, ingress, pod, service, zone
from e2e.routing import await_route
from kindlab import kube

PRESTOP = {"preStop": {"sleep": {"seconds": 5}}}
READINESS = {"httpGet": {"path": "/ready", "port": 3000}, "periodSeconds": 1}


def test_every_node_is_ready_and_there_is_more_than_one_for_workloads() -> None:
    nodes = json.loads(kube.kubectl("get", "nodes", "-o", "json"))["items"]
    conditions = [condition for node in nodes for condition in node["status"]["conditions"]]
    assert [each["status"] for each in conditions if each["type"] == "Ready"] == ["True"] * len(nodes)
    assert len([node for node in nodes if not node["spec"].get("taints")]) >= 2


@pytest.mark.parametrize("libc", ["glibc", "musl"])
def test_a_zone_gives_bare_names_and_comes_before_the_namespace(lab: Lab, namespace: str, libc: str) -> None:
    image = lab.images.probe if libc == "glibc" else lab.images.probe_musl
    dns = kube.kubectl("get", "service", "kube-dns", "-n", "kube-system", "-o", "jsonpath={.spec.clusterIP}")
    searches = [f"z-0123456789.{namespace}.svc.cluster.local", f"{namespace}.svc.cluster.local"]
    config = {"nameservers": [dns], "searches": searches, "options": [{"name": "ndots", "value": "1"}]}
    apply(
        namespace,
        *zone("z-0123456789", {"web": "10.96.77.1", "admin": "10.96.77.2"}),
        service("web"),  # a foreign Service of the same name: it must not answer
        service("elsewhere"),
        pod("asker", container(image), dnsPolicy="None", dnsConfig=config),
    )
    ready(namespace, "pod/asker")
    asker = Pod(namespace, "asker")
    found = asker.resolve("web", "admin", "elsewhere", "nobody")
    elsewhere = get(namespace, "service/elsewhere")["spec"]["clusterIP"]
    assert found == {"web": ["10.96.77.1"], "admin": ["10.96.77.2"], "elsewhere": [elsewhere], "nobody": []}
    assert asker.about()["libc"] == libc


def test_a_probe_tells_who_it_is_and_what_it_reaches(lab: Lab, namespace: str) -> None:
    environment = [{"name": "AILTIRE_SERVICENAME", "value": "web"}]
    apply(namespace, pod("web", container(lab.images.probe_musl, env=environment)), service("web"))
    ready(namespace, "pod/web")
    web = Pod(namespace, "web")
    about = web.about()
    assert (about["name"], about["uid"], about["environment"]["AILTIRE_SERVICENAME"]) == ("web", 12345, "web")
    web.await_reach("web:3000")
    assert web.reach("web:3000", "web:3001") == {"web:3000": True, "web:3001": False}
    answer = web.fetch("http://web:3000/some/path?x=1")["http://web:3000/some/path?x=1"]
    assert (answer["status"], answer["body"]["path"], answer["body"]["query"]) == (200, "/some/path", "x=1")


def test_the_ingress_controller_routes_and_passes_websockets(lab: Lab, namespace: str) -> None:
    host = f"{namespace}.example"
    apply(
        namespace,
        deployment("web", 2, container(lab.images.probe, readinessProbe=READINESS)),
        service("web"),
        ingress("web", host),
    )
    ready(namespace, "deployment/web")
    await_route(lab.ingress, host)
    with load(f"http://{host}/a/b?c=d", lab.ingress, 200, sockets=5, socket_path="/socket.io/?EIO=4") as under_way:
        time.sleep(3)
    assert under_way.lost == 0, under_way
    assert under_way.http["answered"] > 300
    assert under_way.messages["answered"] > 30
    assert len(under_way.http["by"]) == 2, "both pods answer"


def test_a_rolling_update_loses_nothing(lab: Lab, namespace: str) -> None:
    host = f"{namespace}.example"

    def version(number: int) -> dict[str, Any]:
        environment = [{"name": "VERSION", "value": str(number)}]
        probe = container(lab.images.probe, env=environment, readinessProbe=READINESS, lifecycle=PRESTOP)
        return deployment("web", 2, probe, terminationGracePeriodSeconds=30)

    apply(namespace, version(1), service("web"), ingress("web", host))
    ready(namespace, "deployment/web")
    await_route(lab.ingress, host)
    with load(f"http://{host}/", lab.ingress, 300, sockets=10) as under_way:
        apply(namespace, version(2))
        ready(namespace, "deployment/web")
        time.sleep(8)
    print(under_way)
    assert under_way.lost == 0, under_way


def test_the_stop_signal_of_a_container_reaches_it(lab: Lab, namespace: str) -> None:
    probe = container(lab.images.probe, lifecycle={"stopSignal": "SIGINT"})
    apply(namespace, pod("web", probe, os={"name": "linux"}))
    ready(namespace, "pod/web")
    signals = [line["signal"] for line in Pod(namespace, "web").end() if line["event"] == "signal"]
    assert signals == ["SIGINT"]


def test_a_volume_goes_with_its_pod_to_another_node(lab: Lab, namespace: str) -> None:
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "16Mi"}}},
    }
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
    environment = [{"name": "PROBE_DATA", "value": "/data"}]
    probe = container(lab.images.probe, env=environment, volumeMounts=[{"name": "data", "mountPath": "/data"}])
    workers = [name for name in kube.nodes() if "worker" in name]
    apply(
        namespace,
        claim,
        *(pod(f"on-{name}", probe, volumes=volumes, nodeSelector={"kubernetes.io/hostname": name}) for name in workers),
    )
    writer, reader = (Pod(namespace, f"on-{name}") for name in workers)
    ready(namespace, f"pod/{writer.name}", f"pod/{reader.name}")
    writer.run("sh", "-c", "echo kept > /data/file")
    assert reader.run("cat", "/data/file") == "kept\n"
    assert pods(namespace, writer.name) == [writer.name]
