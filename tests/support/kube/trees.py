"""Trees of stacks on a real API server: small ways to write, read and wait, for tests that tell a story."""

import json
import time
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from ailtire_operator import naming
from ailtire_operator.cluster.kinds import CONTROLLER_REVISION, KINDS, OWNED_KINDS
from lab import Audit, ControlPlane
from lab.audit import OPERATOR, Request
from support.conditions import condition, is_ready

Manifest = dict[str, Any]
Found = TypeVar("Found")

SECONDS = 180.0
"""For what takes a few on an idle machine: whoever waits goes on as soon as it is so."""
QUIET_SECONDS = 1.5
"""Nothing written for this long is the end of it; the operator's shortest pause is much shorter."""
_CONTROLLERS = ("kube-controller-manager", "kube-scheduler", "kwok")
_NUMBERED = "deployment.kubernetes.io/"


def service(image: str = "docker.io/library/web:1", **fields: Any) -> Manifest:
    """A plain service that passes the Pod Security Standard of the test's namespace."""
    return {"image": image, "user": "1000", **fields}


def child(services: Manifest, **fields: Any) -> Manifest:
    """An inline child stack."""
    return {"type": "stack", "stack": {"services": services}, **fields}


def tree(leaf_image: str = "docker.io/library/web:1") -> Manifest:
    """Three levels: a root with a service, a middle with a service, a leaf with two."""
    route = {"/": {"path": "/", "port": 8080}}
    leaf = child({"db": service(), "api": service(leaf_image, interface=route)}, interface={"/dm": {"path": "/"}})
    middle = child({"web": service(interface=route), "dm": leaf}, interface={"/cpl": {"path": "/"}})
    return {"services": {"web": service(interface=route), "cpl": middle}}


class Missing(AssertionError):
    """An object that has to be there is not."""


class Trees:
    """One namespace of a control plane with a running operator."""

    def __init__(self, plane: ControlPlane, audit: Audit, namespace: str) -> None:
        self.plane = plane
        self.audit = audit
        self.namespace = namespace

    def manifest(self, name: str, spec: Manifest) -> Manifest:
        """A stack as a person would write it."""
        metadata = {"name": name, "namespace": self.namespace}
        return {"apiVersion": naming.API_VERSION, "kind": naming.KIND, "metadata": metadata, "spec": spec}

    def apply(self, name: str, spec: Manifest) -> None:
        """Write a stack."""
        self.apply_object(self.manifest(name, spec))

    def apply_object(self, manifest: Manifest) -> None:
        """Write any object, as ``kubectl apply --server-side --force-conflicts`` does."""
        if kind := KINDS.get(manifest["kind"]):  # without a process for each
            self.plane.api.apply(kind.path(self.namespace, manifest["metadata"]["name"]), manifest)
        else:
            self.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=json.dumps(manifest))

    def delete(self, kind: str, name: str, cascade: str = "background") -> None:
        """Delete an object and do not wait; what it owns is left with ``orphan``."""
        self.plane.api.delete(f"{self._path(kind, name)}?propagationPolicy={cascade.capitalize()}")

    def orphan(self, stack: str) -> None:
        """Delete a stack and leave what it owns, once the garbage collector has seen that.

        It asks for all kinds every half minute. What it has not seen is no orphan: it is deleted later.
        """
        uid = "00000000-0000-0000-0000-000000000000"
        owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "nobody", "uid": uid}
        last = self.manifest("nobodys", {"template": True, "services": {}})
        self.apply_object({**last, "metadata": {**last["metadata"], "ownerReferences": [owner]}})
        self.until("all stacks seen by the garbage collector", lambda: self.get(naming.KIND, "nobodys") is None)
        self.delete(naming.SINGULAR, stack, "orphan")

    def patch(self, kind: str, name: str, patch: Manifest, manager: str = "kubectl-patch") -> None:
        """Change an object behind the operator's back, as ``kubectl patch --type=merge`` does."""
        self.plane.api.merge(f"{self._path(kind, name)}?fieldManager={manager}", patch)

    def _path(self, kind: str, name: str) -> str:
        return next(each for each in KINDS.values() if each.kind.lower() == kind.lower()).path(self.namespace, name)

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """Run kubectl in the namespace."""
        return self.plane.kubectl("-n", self.namespace, *arguments, stdin=stdin)

    def get(self, kind: str, name: str) -> Manifest | None:
        """One object; None if it is not there."""
        found: Manifest | None = self.plane.api.find(KINDS[kind].path(self.namespace, name))
        return found

    def must(self, kind: str, name: str) -> Manifest:
        """One object that has to be there."""
        found = self.get(kind, name)
        if found is None:
            raise Missing(f"there is no {kind} {name}")
        return found

    def all_of(self, kind: str) -> list[Manifest]:
        """All objects of a kind."""
        items: list[Manifest] = self.plane.api.get(KINDS[kind].path(self.namespace))["items"]
        return items

    def names(self, kind: str) -> set[str]:
        """The names of all objects of a kind."""
        return {item["metadata"]["name"] for item in self.all_of(kind)}

    def owned(self) -> dict[tuple[str, str], Manifest]:
        """Everything that the operator has made, by kind and name."""
        found = {}
        for kind in OWNED_KINDS:
            if kind.optional:
                continue
            path = f"{kind.path(self.namespace)}?labelSelector={kind.selector or naming.MANAGED_SELECTOR}"
            for item in self.plane.api.get(path)["items"]:
                found[kind.kind, item["metadata"]["name"]] = item
        return found

    def condition(self, name: str, kind: str = "Ready") -> Manifest:
        """A condition of a stack; empty if it is not there."""
        return condition(self.get(naming.KIND, name) or {}, kind)

    def status(self, name: str) -> Manifest:
        """The status of a stack."""
        status: Manifest = self.must(naming.KIND, name).get("status") or {}
        return status

    def is_ready(self, name: str) -> bool:
        """Whether a stack is ready in its current definition."""
        stack = self.get(naming.KIND, name)
        return stack is not None and is_ready(stack)

    def until(self, what: str, look: Callable[[], Found], timeout: float = SECONDS) -> Found:
        """Wait until ``look`` finds something; what is not there yet, or says nothing yet, is waited for too."""
        deadline = time.monotonic() + timeout
        while not (found := _found(look)):
            if time.monotonic() > deadline:
                raise AssertionError(f"{what}: not after {timeout:.0f} s\n{self.describe()}")
            time.sleep(0.1)
        return found

    def until_ready(self, *names: str, timeout: float = SECONDS) -> None:
        """Wait until the stacks are ready."""
        for name in names:
            self.until(f"{name} ready", lambda name=name: self.is_ready(name), timeout)  # type: ignore[misc]

    def last_good(self) -> list[str]:
        """The images of the last good definitions of services."""
        selector = f"labelSelector={naming.LABEL_LAST_GOOD},{naming.LABEL_SERVICE}"
        found = self.plane.api.get(f"{CONTROLLER_REVISION.path(self.namespace)}?{selector}")["items"]
        return [each["data"]["spec"]["template"]["spec"]["containers"][0]["image"] for each in found]

    def until_kept(self, *images: str) -> None:
        """Wait until these and no others are the last good definitions, without which no update is taken back.

        Ready and settled are not enough: a definition is good once its pods have been ready for ``monitor``.
        """
        self.until(f"{', '.join(images)} kept", lambda: self.last_good() == list(images))

    def settle(self, timeout: float = SECONDS) -> None:
        """Wait until the operator has written nothing here for a while."""
        deadline = time.monotonic() + timeout
        mark = self.audit.mark()
        while True:
            time.sleep(QUIET_SECONDS)
            if not self.writes(mark):
                return
            mark = self.audit.mark()
            assert time.monotonic() < deadline, f"no end of writing\n{self.describe()}"

    def writes(self, since: int) -> list[Request]:
        """What the operator has written into the namespace since a mark."""
        return self.audit.writes(since, user=OPERATOR, namespace=self.namespace)

    def describe(self) -> str:
        """All stacks with their conditions, for a failed test."""
        lines = []
        for stack in self.all_of(naming.KIND):
            metadata, status = stack["metadata"], stack.get("status") or {}
            lines.append(f"{metadata['name']} generation {metadata['generation']} counts {status.get('counts')}")
            lines += [
                f"  {each['type']}={each['status']} {each['reason']}: {each['message']}"
                for each in status.get("conditions") or ()
            ]
        return "\n".join(lines)


def _found(look: Callable[[], Found]) -> Found | None:
    """What it finds; nothing where an object, or a part of its status, is yet to come."""
    try:
        return look()
    except (Missing, LookupError):
        return None


def content(obj: Manifest, kind: str = "") -> Manifest:
    """An object without what Kubernetes' controllers write of it at times of their own; of a stack all of it.

    That is its status, with who wrote that and the version, and of a Deployment the number of its revision. An item of
    a list does not say its kind.
    """
    if (kind or obj["kind"]) == naming.KIND:
        return obj
    metadata = {key: each for key, each in obj["metadata"].items() if key != "resourceVersion"}
    metadata["managedFields"] = [
        each for each in metadata.get("managedFields") or () if each["manager"] not in _CONTROLLERS
    ]
    annotations = metadata.get("annotations") or {}
    metadata["annotations"] = {key: each for key, each in annotations.items() if not key.startswith(_NUMBERED)}
    return {**obj, "metadata": metadata, "status": None}


def targets(requests: Iterable[Request]) -> list[str]:
    """What was written, as ``patch deployments.apps shop-web``, sorted."""
    return sorted(
        f"{each.verb} {'/'.join(filter(None, (each.resource, each.subresource)))} {each.name}" for each in requests
    )
