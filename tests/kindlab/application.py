"""What `make up MODE=kind` does: a cluster that runs containers, the operator in it, and the example application."""

import os
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from kindlab import cluster, engine, kube, operating, workloads
from kindlab.places import KUBECONFIG, STATE
from kindlab.workloads import Workloads
from lab.client import kubectl_path
from lab.errors import LabError
from lab.paths import ROOT, tool
from lab.report import Say, say, step

_EXAMPLE = ROOT / "examples" / "shop"
_NAME = "shop"
_OVERLAY = STATE / "shop"
_ENVIRONMENT = STATE / "env"
_WAIT_SECONDS = 300
_ROUTE_SECONDS = 90.0
_ASKED = "/catalog/pricing/hello"
"""The path goes through three gateways, to a service of the third level."""


def up(tell: Say = say) -> None:
    """Bring everything up, ask the application through its edge, and say what there is to see."""
    cluster.up(tell, _images)
    operating.install(tell)
    with step(tell, f"applying {_EXAMPLE.relative_to(ROOT)} and waiting until it is ready"):
        kube.kubectl("apply", "--server-side", "--force-conflicts", "-k", str(_manifests(tell)))
        kube.ailtire("wait", _NAME, "-n", _NAME, "--timeout", f"{_WAIT_SECONDS}s", timeout=_WAIT_SECONDS + 10)
    folders = f"{Path(tool('kubectl-ailtire')).parent}:{kubectl_path().parent}"
    _ENVIRONMENT.write_text(f'export KUBECONFIG="{KUBECONFIG}"\nexport PATH="{folders}:$PATH"\n')
    print(kube.kubectl("get", "ailtirestacks", "-A"))
    print(kube.ailtire("tree", _NAME, "-n", _NAME))
    print(_what_next(*_asked(tell)))


def status() -> None:
    """Say what runs. Raises LabError where there is no cluster that answers."""
    if not cluster.ready():
        raise LabError("there is no kind cluster that answers; 'make up MODE=kind' starts one")
    for what in (("nodes",), ("pods", "-n", operating.NAMESPACE), ("ailtirestacks", "-A")):
        print(kube.kubectl("get", *what))


def overlay(resource: Mapping[str, Any], made: Workloads) -> dict[str, Any]:
    """Return a patch of the example that runs images which are made here, in place of those that cannot be pulled.

    The stand-in answers every request, as the example's own does; where that listens is its environment's to say.
    """
    images = resource["spec"]["images"]
    spec = {
        # With the registry that the nodes' container runtime takes for granted: the example's own would come before it.
        "images": {
            name: f"docker.io/{made.redis if 'redis' in image else made.probe}" for name, image in images.items()
        },
        "services": _ports(resource["spec"]["services"]),
    }
    return {**{key: resource[key] for key in ("apiVersion", "kind", "metadata")}, "spec": spec}


def _ports(services: Mapping[str, Any]) -> dict[str, Any]:
    """Return what tells the stand-in of each service, at every level, where to listen."""
    found: dict[str, Any] = {}
    for name, service in services.items():
        if below := _ports(service.get("stack", {}).get("services", {})):
            found[name] = {"stack": {"services": below}}
        if port := service.get("environment", {}).get("WHOAMI_PORT_NUMBER"):
            found[name] = {"environment": {"PROBE_PORTS": str(port)}}
    return found


def _images(tell: Say) -> Sequence[str]:
    return [workloads.nginx(tell)] if engine.pulls() else workloads.ensure(tell).all()


def _manifests(tell: Say) -> Path:
    """Return the example, or an overlay over it where its images cannot be pulled."""
    if engine.pulls():
        return _EXAMPLE
    tell("no image can be pulled: images made here stand in for those of the example")
    patch = overlay(yaml.safe_load((_EXAMPLE / "stack.yaml").read_text()), workloads.ensure(tell))
    _OVERLAY.mkdir(parents=True, exist_ok=True)
    (_OVERLAY / "patch.yaml").write_text(yaml.safe_dump(patch))
    base = os.path.relpath(_EXAMPLE, _OVERLAY)
    kustomization = {"resources": [base], "patches": [{"path": "patch.yaml"}]}
    (_OVERLAY / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    return _OVERLAY


def _asked(tell: Say) -> tuple[str, str, str]:
    """Ask the application from outside until it answers, and return its host, the URL, and what it answered."""
    ingress = kube.kubectl("get", "ingresses", "-n", _NAME, "-o", "jsonpath={.items[0].spec.rules[0].host}")
    url = f"http://127.0.0.1:{kube.host_port(80)}{_ASKED}"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + _ROUTE_SECONDS
    with step(tell, f"asking {ingress} through the ingress controller"):
        while True:
            try:
                with opener.open(urllib.request.Request(url, headers={"Host": ingress}), timeout=10) as answer:
                    return ingress, url, answer.read().decode(errors="replace").strip()
            except (urllib.error.URLError, TimeoutError) as error:
                if time.monotonic() > deadline:
                    raise LabError(f"{url} (Host: {ingress}) has no good answer: {error}") from error
            time.sleep(0.2)


def _what_next(host: str, url: str, answer: str) -> str:
    return f"""Type next, in this folder:
  source {_ENVIRONMENT.relative_to(ROOT)}
  kubectl ailtire tree {_NAME} -n {_NAME}
  kubectl -n {_NAME} get pods -o wide
  kubectl -n {_NAME} edit ailtirestack {_NAME}
  make down MODE=kind

And what the application answers now, through the ingress controller and three gateways:
  curl -H 'Host: {host}' {url}
{answer}"""
