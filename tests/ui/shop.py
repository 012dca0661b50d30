"""The shop of examples/ on the lab's control plane, and the changes that its tests make."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.cluster.kinds import STACK
from lab import ControlPlane, kubeconfig
from lab.commands import CommandError
from lab.paths import ROOT
from lab.waiting import eventually
from support.conditions import condition, is_current

NAME: Final = "shop"
NAMESPACE: Final = "shop"
BAD_IMAGE: Final = "lab.invalid/missing:2"
"""What no simulated node can pull."""
_EXAMPLE: Final = ROOT / "examples" / "shop"


class Shop:
    """The tree of the example."""

    def __init__(self, plane: ControlPlane) -> None:
        self.plane = plane

    def apply(self) -> None:
        """Write it as the example has it."""
        self.plane.kubectl("apply", "--server-side", "--force-conflicts", "-k", str(_EXAMPLE))

    def stack(self, name: str = NAME) -> dict[str, Any]:
        """A stack of it as it is."""
        found: dict[str, Any] = self.plane.api.get(STACK.path(NAMESPACE, name))
        return found

    def patch(self, spec: dict[str, Any], name: str = NAME) -> None:
        """Change its definition, as somebody by hand."""
        self.plane.api.merge(STACK.path(NAMESPACE, name), {"spec": spec})

    def condition(self, kind: str, name: str = NAME) -> dict[str, Any]:
        """A condition of a stack of it."""
        return condition(self.stack(name), kind)

    def until(self, what: str, true: Callable[[dict[str, Any]], object], kind: str = "Ready") -> None:
        """Wait until a condition of the root, of its current definition, is as wanted."""
        self.until_of(NAME, what, true, kind)

    def until_of(self, name: str, what: str, true: Callable[[dict[str, Any]], object], kind: str = "Ready") -> None:
        """The same of another stack of it."""

        def holds() -> bool:
            stack = self.stack(name)
            return is_current(stack) and bool(true(condition(stack, kind)))

        eventually(holds, 90, what)

    def until_ready(self) -> None:
        """Wait until all of it is ready."""
        self.until("a shop that is ready", lambda ready: ready.get("status") == "True")

    def until_kept(self) -> None:
        """Wait until the definition as it is now is kept as a revision."""
        history = ("history", NAME, "-n", NAMESPACE, "-o", "json")
        eventually(lambda: any(each["current"] for each in json.loads(self.plane.ailtire(*history))), 60, "a revision")

    def pods(self, service: str) -> set[str]:
        """The uids of the pods of a service of the root."""
        return {each["uid"] for each in self._pods(service)}

    def pod_names(self, service: str) -> list[str]:
        """The names of these pods, in order."""
        return sorted(each["name"] for each in self._pods(service))

    def _pods(self, service: str) -> list[dict[str, Any]]:
        selector = f"{naming.LABEL_STACK}={NAME},{naming.LABEL_SERVICE}={service}"
        found = self.plane.api.get(f"/api/v1/namespaces/{NAMESPACE}/pods?labelSelector={selector}")["items"]
        return [each["metadata"] for each in found]

    def variable(self, service: str, name: str) -> str:
        """A variable of a service in the root's definition; empty where there is none."""
        return str(self.stack()["spec"]["services"][service].get("environment", {}).get(name, ""))

    def message(self) -> str:
        """The sentence of `kubectl get`."""
        name = ("get", f"{naming.PLURAL}.{naming.GROUP}", NAME, "-n", NAMESPACE, "-o", "json")
        conditions = json.loads(self.plane.kubectl(*name))["status"]["conditions"]
        return str(next(each["message"] for each in conditions if each["type"] == "Ready"))

    def kubeconfig_of(self, account: str, folder: Path, *rights: str) -> Path:
        """The kubeconfig of a new account that has these roles of Kubernetes in the shop's namespace, and no more."""
        try:
            self.plane.kubectl("create", "serviceaccount", account, "-n", NAMESPACE)
        except CommandError as error:
            if "already exists" not in str(error):
                raise
        for role in rights:
            binding = f"{account}-{role}"
            create = ("create", "rolebinding", binding, f"--clusterrole={role}")
            self.plane.kubectl(*create, f"--serviceaccount={NAMESPACE}:{account}", "-n", NAMESPACE)
        token = self.plane.kubectl("create", "token", account, "-n", NAMESPACE).strip()
        return kubeconfig.write(folder / f"{account}.kubeconfig", self.plane.url, self.plane.ca, token, NAMESPACE)
