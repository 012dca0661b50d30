"""The lab itself: what the other cluster tests rely on."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lab import Audit, CommandError, ControlPlane, LabError, eventually, kubectl, manifests, sessions
from lab.api import Api, Refused
from lab.paths import ROOT
from lab.versions import PROGRAMS

POD = """
metadata: {{labels: {{app: {name}}}}}
spec:
  securityContext: {{runAsNonRoot: true, runAsUser: 1000, seccompProfile: {{type: RuntimeDefault}}}}
  containers:
    - name: main
      image: {image}
      securityContext: {{allowPrivilegeEscalation: false, capabilities: {{drop: [ALL]}}}}
"""


def pod_template(name: str, image: str = "registry.example/web:1") -> str:
    return POD.format(name=name, image=image).replace("\n", "\n    ")


def deployment(name: str, replicas: int = 3, image: str = "registry.example/web:1") -> str:
    return f"""
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: {name}}}}}
  template: {pod_template(name, image)}
"""


def test_it_starts_in_seconds(control_plane: ControlPlane) -> None:
    assert control_plane.running
    assert control_plane.start_seconds < 90
    assert control_plane.kubectl("get", "nodes", "-o", "name").split() == [f"node/node-{n}" for n in range(4)]


def test_the_server_says_which_version_it_is(control_plane: ControlPlane) -> None:
    told = json.loads(control_plane.kubectl("version", "-o", "json"))["serverVersion"]["gitVersion"]
    assert told == PROGRAMS["kube-apiserver"].version


def test_a_deployment_gets_ready_with_an_address_for_each_pod(control_plane: ControlPlane, namespace: str) -> None:
    control_plane.kubectl("apply", "-n", namespace, "-f", "-", stdin=deployment("web"))
    control_plane.kubectl("rollout", "status", "deployment/web", "-n", namespace, "--timeout=150s")
    pods = json.loads(control_plane.kubectl("get", "pods", "-n", namespace, "-o", "json"))["items"]
    assert len({pod["status"]["podIP"] for pod in pods}) == 3


@pytest.mark.parametrize(
    ("image", "reason"),
    [("lab.invalid/missing:1", "ImagePullBackOff"), ("lab.invalid/crashing:1", "CrashLoopBackOff")],
)
def test_an_image_can_ask_for_trouble(control_plane: ControlPlane, namespace: str, image: str, reason: str) -> None:
    control_plane.kubectl("apply", "-n", namespace, "-f", "-", stdin=deployment("web", 1, image))
    path = "jsonpath={.items[*].status.containerStatuses[*].state.waiting.reason}"
    eventually(lambda: control_plane.kubectl("get", "pods", "-n", namespace, "-o", path) == reason)


@pytest.mark.parametrize(
    ("image", "condition"), [("registry.example/x:1", "Complete"), ("lab.invalid/failing", "Failed")]
)
def test_a_job_ends(control_plane: ControlPlane, namespace: str, image: str, condition: str) -> None:
    template = pod_template("job", image).replace("spec:", "spec:\n      restartPolicy: Never", 1)
    job = f"apiVersion: batch/v1\nkind: Job\nmetadata: {{name: job}}\nspec:\n  backoffLimit: 0\n  template: {template}"
    control_plane.kubectl("apply", "-n", namespace, "-f", "-", stdin=job)
    control_plane.kubectl("wait", f"--for=condition={condition}", "job/job", "-n", namespace, "--timeout=150s")


def test_the_volume_of_a_stateful_set_is_bound_and_removed_with_its_claim(
    control_plane: ControlPlane, namespace: str
) -> None:
    claims = "{spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}, metadata: {name: data}}"
    manifest = deployment("db", 2).replace("Deployment", "StatefulSet") + f"  volumeClaimTemplates: [{claims}]\n"
    control_plane.kubectl("apply", "-n", namespace, "-f", "-", stdin=manifest)
    control_plane.kubectl("rollout", "status", "statefulset/db", "-n", namespace, "--timeout=150s")
    bound = "jsonpath={.items[*].status.phase}"
    assert control_plane.kubectl("get", "pvc", "-n", namespace, "-o", bound) == "Bound Bound"
    control_plane.kubectl("delete", "statefulset/db", "pvc/data-db-0", "pvc/data-db-1", "-n", namespace)
    eventually(lambda: namespace not in control_plane.kubectl("get", "pv", "-A"))


def test_pod_security_is_enforced(control_plane: ControlPlane, namespace: str) -> None:
    with pytest.raises(CommandError, match="violates PodSecurity"):
        control_plane.kubectl("run", "web", "--image=x", "-n", namespace)


def test_a_service_account_has_only_its_rights(control_plane: ControlPlane, namespace: str) -> None:
    eventually(lambda: "default" in control_plane.kubectl("get", "serviceaccounts", "-n", namespace, "-o", "name"))
    token = control_plane.kubectl("create", "token", "default", "-n", namespace, "--duration=8760h").strip()
    with pytest.raises(Refused, match="forbidden"):
        Api(control_plane.url, token, control_plane.ca).get(f"/api/v1/namespaces/{namespace}/secrets")


def test_the_audit_log_shows_each_write_once_and_no_reads(
    control_plane: ControlPlane, namespace: str, audit: Audit
) -> None:
    mark = audit.mark()
    control_plane.kubectl("create", "configmap", "one", "-n", namespace)
    control_plane.kubectl("get", "configmaps", "-n", namespace)
    control_plane.kubectl("label", "configmap", "one", "a=b", "-n", namespace)
    control_plane.kubectl("label", "configmap", "one", "a=c", "-n", namespace, "--overwrite", "--dry-run=server")
    control_plane.kubectl("delete", "configmap", "one", "-n", namespace)
    writes = [w for w in audit.writes(mark, user="lab-admin", namespace=namespace) if w.name == "one"]
    assert [(w.verb, w.resource, w.code) for w in writes] == [
        ("create", "configmaps", 201),
        ("patch", "configmaps", 200),
        ("delete", "configmaps", 200),
    ]
    assert audit.writes(audit.mark(), user="lab-admin") == []


def test_a_foreign_kubeconfig_is_refused(tmp_path: Path) -> None:
    foreign = tmp_path / "config"
    foreign.write_text("clusters: [{cluster: {server: 'https://10.1.2.3:6443'}}]\ncurrent-context: production\n")
    with pytest.raises(LabError, match="refusing to touch"):
        kubectl(foreign, "get", "nodes")


def test_a_foreign_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("x")
    with pytest.raises(LabError, match="not the lab's"):
        ControlPlane(tmp_path).start()
    ControlPlane(tmp_path).stop()
    assert (tmp_path / "precious").exists()


@pytest.mark.slow
def test_a_control_plane_whose_session_was_killed_is_cleared_away() -> None:
    script = (
        "from lab import ControlPlane, sessions\nimport time\n"
        "plane = ControlPlane(sessions.new_home('killed'), nodes=1).start()\n"
        "print(plane.home, flush=True)\ntime.sleep(600)\n"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT / "tests")}
    with subprocess.Popen([sys.executable, "-c", script], env=env, stdout=subprocess.PIPE, text=True) as session:
        assert session.stdout is not None
        home = Path(session.stdout.readline().strip())
        session.send_signal(signal.SIGKILL)
    left = ControlPlane(home)
    assert left.running, "a later process finds it as it was left"
    sessions.clear_abandoned()
    assert not home.exists()
    assert not any(process.alive for process in left.processes.values())


def test_the_definition_and_the_rights_are_accepted(control_plane: ControlPlane) -> None:
    manifests.install(control_plane)
    assert "ailtirestacks" in control_plane.kubectl("api-resources", "--api-group=ailtire.io", "-o", "name")
    before = control_plane.kubectl("get", "crd/ailtirestacks.ailtire.io", "-o", "jsonpath={.metadata.generation}")
    manifests.install(control_plane)
    after = control_plane.kubectl("get", "crd/ailtirestacks.ailtire.io", "-o", "jsonpath={.metadata.generation}")
    assert before == after
