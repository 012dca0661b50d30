"""The story that faults are injected into: the life of an application, each step an edit that a person would make.

Six stacks on three levels, one of them from a template; every kind of object that the operator owns is created in it,
changed or replaced, and deleted.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from ailtire_operator import naming
from support.kube.trees import Manifest, child, service

ROOT = "shop"
TEMPLATE = "model"
VAULT = "vault"
"""A Secret that the stack refers to, and that the operator must never read or show."""
SECRET_VALUE = "a-password-that-nobody-may-read"
BAD_IMAGE = "lab.invalid/missing:2"
"""The fake nodes cannot pull it."""
_BACK = {"replicas": 2, "updateConfig": {"failureAction": "rollback", "monitor": "1s"}}
_ROUTE = {"/": {"path": "/", "port": 8080}}


@dataclass(frozen=True, slots=True)
class Step:
    """An edit of the root's definition, or of the template's."""

    name: str
    edit: Callable[[dict[str, Any]], None]
    template: bool = False
    delete: bool = False
    same_if_made_again: bool = True
    """Whether a tree that is deleted and made again in this step ends as one that is edited: not where it goes back to
    a definition before, of which a new tree has none. Nor where a StatefulSet begins: its controller sets the owner of
    a claim after it has created it, and a set that is deleted in between leaves a claim that nobody deletes."""


def definition() -> dict[str, Any]:
    """The root's spec, as it begins."""
    leaf = child({"api": service(interface=_ROUTE), "db": service(volumes=_volume("rows"))}, data={"rows": {}})
    leaf["stack"]["data"] = leaf.pop("data")
    return {
        "services": {
            "web": service(interface=_ROUTE, deploy={"replicas": 2}),
            "mail": service(deploy=_BACK),
            "orders": {
                **child({"web": service(interface=_ROUTE), "leaf": leaf}),
                "interface": {"/orders": {"path": "/"}},
            },
            "copy": {"type": "stack", "stackRef": {"name": TEMPLATE}},
            "side": child({"worker": service()}),
        }
    }


def template() -> dict[str, Any]:
    """The template's spec, as it begins."""
    return {"templateOnly": True, "services": {"mill": service(), "belt": service(ports={"in": {"port": 9000}})}}


def _volume(key: str) -> dict[str, Any]:
    return {"data": {"source": key, "target": "/data"}}


def _image(spec: dict[str, Any]) -> None:
    spec["services"]["orders"]["stack"]["services"]["leaf"]["stack"]["services"]["api"]["image"] = _newer("web")


def _newer(name: str) -> str:
    return f"docker.io/library/{name}:2"


def _variable(spec: dict[str, Any]) -> None:
    spec["environment"] = "qa"


def _secret(spec: dict[str, Any]) -> None:
    spec["secrets"] = {"password": {"secret": VAULT, "key": "password"}}
    spec["services"]["web"]["secrets"] = {"password": {"source": "password", "target": "/run/secrets/password"}}


def _more_services(spec: dict[str, Any]) -> None:
    services = spec["services"]
    services["agent"] = service(deploy={"mode": "global"})
    services["once"] = service(deploy={"mode": "replicatedJob"})
    services["store"] = service(volumes=_volume("records"), ports={"peer": {"port": 7000}})
    services["store"]["deploy"] = {"replicas": 2}
    spec["data"] = {"records": {"perReplica": True}, "kept": {"retain": True}, "scratch": {}}
    services["web"]["volumes"] = {
        "kept": {"source": "kept", "target": "/kept"},
        "scratch": {"source": "scratch", "target": "/scratch"},
    }


def _fewer_services(spec: dict[str, Any]) -> None:
    for key in ("agent", "once"):
        del spec["services"][key]
    del spec["services"]["web"]["volumes"]["scratch"], spec["data"]["scratch"]


def _fails(spec: dict[str, Any]) -> None:
    spec["services"]["mail"]["image"] = BAD_IMAGE


def _mended(spec: dict[str, Any]) -> None:
    spec["services"]["mail"]["image"] = _newer("mail")


def _scaled(spec: dict[str, Any]) -> None:
    spec["services"]["web"]["policies"] = {"scaling": {"min": 2, "max": 4, "cpu": 70}}
    del spec["services"]["web"]["deploy"]


def _unscaled(spec: dict[str, Any]) -> None:
    del spec["services"]["web"]["policies"]
    spec["services"]["web"]["deploy"] = {"replicas": 3}


def _stop(spec: dict[str, Any]) -> None:
    for key in ("web", "orders"):
        spec["services"][key]["stopped"] = True


def _start(spec: dict[str, Any]) -> None:
    for key in ("web", "orders"):
        del spec["services"][key]["stopped"]


def _restart(spec: dict[str, Any]) -> None:
    spec["services"]["orders"]["restartedAt"] = "2026-11-29T12:00:00Z"


LATE_MEMBERS = ("beside/worker", "orders/web")
"""What the step changes that takes the whole tree back: the first of them is good."""


def _fails_as_a_whole(spec: dict[str, Any]) -> None:
    spec["updatePolicy"] = {"failureAction": "rollback", "progressDeadline": "5s"}
    spec["services"]["orders"]["stack"]["services"]["web"]["image"] = BAD_IMAGE
    spec["services"]["beside"]["stack"]["services"]["worker"]["image"] = _newer("worker")


def _mended_as_a_whole(spec: dict[str, Any]) -> None:
    del spec["updatePolicy"]
    spec["services"]["orders"]["stack"]["services"]["web"]["image"] = _newer("web")


def _edge(spec: dict[str, Any]) -> None:
    spec["edge"] = {"className": "example"}


def _gateway_edge(spec: dict[str, Any]) -> None:
    spec["edge"] = {"kind": "HTTPRoute", "parentRef": {"name": "example"}}


def _no_edge(spec: dict[str, Any]) -> None:
    del spec["edge"]


def _file(spec: dict[str, Any]) -> None:
    spec["configs"] = {"settings": {"content": "color = blue\n"}}
    spec["services"]["web"]["configs"] = {"settings": {"source": "settings", "target": "/etc/settings"}}


def _other_file(spec: dict[str, Any]) -> None:
    spec["configs"]["settings"]["content"] = "color = green\n"


def _moved_child(spec: dict[str, Any]) -> None:
    spec["services"]["beside"] = spec["services"].pop("side")


def _no_leaf(spec: dict[str, Any]) -> None:
    del spec["services"]["orders"]["stack"]["services"]["leaf"]


def _of_the_template(spec: dict[str, Any]) -> None:
    spec["services"]["mill"]["image"] = _newer("mill")
    spec["services"]["sieve"] = service()


def _color(spec: dict[str, Any]) -> None:
    spec["services"]["web"]["environment"] = {"COLOR": "blue"}


def _no_color(spec: dict[str, Any]) -> None:
    spec["services"]["web"]["environment"] = {}


def _end(spec: dict[str, Any]) -> None:
    del spec


STEPS: tuple[Step, ...] = (
    Step("create", lambda spec: None),
    Step("a new image at the leaf", _image),
    Step("an environment for the whole tree", _variable),
    Step("a secret", _secret),
    Step("a daemon, a job and volumes", _more_services, same_if_made_again=False),
    Step("a daemon, a job and a volume less", _fewer_services),
    Step("an update that fails", _fails, same_if_made_again=False),
    Step("the update mended", _mended),
    Step("an autoscaler", _scaled),
    Step("a package and what an autoscaler scales stopped", _stop),
    Step("both started", _start),
    Step("no autoscaler", _unscaled),
    Step("an Ingress", _edge),
    Step("an HTTPRoute in its place", _gateway_edge),
    Step("no HTTPRoute", _no_edge),
    Step("a file", _file),
    Step("another file", _other_file),
    Step("a child under another key", _moved_child),
    Step("an update that takes the whole tree back", _fails_as_a_whole, same_if_made_again=False),
    Step("the whole tree mended", _mended_as_a_whole),
    Step("the template", _of_the_template, template=True),
    Step("a variable", _color),
    Step("the variable away", _no_color),
    Step("a restart of a package", _restart),
    Step("a child less", _no_leaf),
    Step("delete", _end, delete=True),
)


def manifests(steps: int, namespace: str) -> list[Manifest]:
    """What a person has written when so many steps are done: the template and the root."""
    root, model = definition(), template()
    for step in STEPS[:steps]:
        step.edit(model if step.template else root)
    return [_stack(TEMPLATE, model, namespace), _stack(ROOT, root, namespace)]


def _stack(name: str, spec: dict[str, Any], namespace: str) -> Manifest:
    metadata = {"name": name, "namespace": namespace}
    spec = deepcopy(spec)
    if edge := spec.get("edge"):
        edge["hosts"] = [f"{namespace}.example"]  # lanes share an API server, and a stack is told who has its host
    return {"apiVersion": naming.API_VERSION, "kind": naming.KIND, "metadata": metadata, "spec": spec}
