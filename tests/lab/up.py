"""What `make up` does: control plane, operator, example application; what is up already is used again."""

from pathlib import Path

from lab.client import kubectl_path
from lab.controlplane import ControlPlane
from lab.operator_process import Operator
from lab.paths import ROOT, RUN, tool
from lab.report import Say, step

_EXAMPLE = ROOT / "examples" / "shop"
_EXAMPLE_NAME = "shop"
_WAIT_SECONDS = 240


def up(plane: ControlPlane, tell: Say) -> None:
    """Bring everything up, and say what there is to see."""
    if plane.running:
        tell(f"the control plane is up already: {plane.url}")
    else:
        plane.start()
    operator = Operator(plane)
    with step(tell, "installing the CRD and the operator's rights"):
        operator.install()
    with step(tell, "waiting for the operator" if operator.pid else "starting the operator"):
        operator.start()
    with step(tell, f"applying {_EXAMPLE.relative_to(ROOT)} and waiting until it is ready"):
        plane.kubectl("apply", "--server-side", "--force-conflicts", "-k", str(_EXAMPLE))
        wait = ("wait", _EXAMPLE_NAME, "-n", _EXAMPLE_NAME, "--timeout", f"{_WAIT_SECONDS}s")
        plane.ailtire(*wait, timeout=_WAIT_SECONDS + 10)
    environment = _write_environment(plane)
    print(plane.kubectl("get", "ailtirestacks", "-A"))
    print(plane.ailtire("tree", _EXAMPLE_NAME, "-n", _EXAMPLE_NAME))
    print(_what_next(plane, operator, environment))


def _write_environment(plane: ControlPlane) -> Path:
    """Write what a shell needs to use kubectl here, with the project's plugin on its path."""
    path = plane.home / "env"
    folders = f"{Path(tool('kubectl-ailtire')).parent}:{kubectl_path().parent}"
    path.write_text(f'export KUBECONFIG="{plane.kubeconfig}"\nexport PATH="{folders}:$PATH"\n')
    return path


def _what_next(plane: ControlPlane, operator: Operator, environment: Path) -> str:
    where = environment.relative_to(ROOT) if environment.is_relative_to(ROOT) else environment
    return f"""API server  {plane.url}
Operator    {operator.url}/metrics   (its log: make logs)

The nodes are simulated: no container runs, and no URL answers. On real nodes, with Docker: make up MODE=kind

Type next, in this folder:
  source {where}
  kubectl ailtire tree {_EXAMPLE_NAME} -n {_EXAMPLE_NAME}
  kubectl -n {_EXAMPLE_NAME} get ailtirestacks,deployments,services,networkpolicies
  kubectl -n {_EXAMPLE_NAME} edit ailtirestack {_EXAMPLE_NAME}
  make down"""


def user_plane(tell: Say) -> ControlPlane:
    """Return the control plane of `make up`, up or not."""
    return ControlPlane(RUN, tell=tell)
