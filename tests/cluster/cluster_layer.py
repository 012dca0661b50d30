"""What the tests of the cluster layer share: one manifest of every kind, and an operator's view of the cluster."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Self

from ailtire_operator import naming
from ailtire_operator.cluster import kinds
from ailtire_operator.cluster.applier import Applier
from ailtire_operator.cluster.apply_result import ApplyOptions, ApplyResult
from ailtire_operator.cluster.connection import Connection
from ailtire_operator.cluster.errors import Conflict, Foreign
from ailtire_operator.cluster.kinds import Manifest, Ref
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.cluster.watch import Watches
from lab import ControlPlane, eventually
from lab.paths import ROOT
from support.fake_cluster.records import reference_to

MERGE_PATCH = "application/merge-patch+json"
SECONDS = 120.0
"""For what takes a moment on an idle machine: whoever waits goes on as soon as it is so."""
INTRUDER = "intruder"


def install_definitions(plane: ControlPlane) -> None:
    plane.kubectl("apply", "--server-side", "-f", str(ROOT / "crds" / "ailtirestacks.yaml"))
    eventually(lambda: plane.api.serves(kinds.STACK.path(None)), what="serving the definition")


class View:
    """One operator process: a connection, a store that follows one namespace, and an applier."""

    def __init__(self, connection: Connection, namespace: str) -> None:
        self.connection = connection
        self.namespace = namespace
        self.store = Store()
        self.writes: list[tuple[str, str]] = []
        self.leading = True
        self.applier = Applier(
            connection,
            self.store,
            fence=lambda: self.leading,
            on_write=lambda kind, verb: self.writes.append((kind, verb)),
        )
        self.watches = Watches(connection, self.store, [namespace] if namespace else [])

    async def follow(self) -> Self:
        await self.watches.start()
        async with asyncio.timeout(SECONDS):
            await self.watches.synced()
        return self

    async def stack(self, name: str = "shop") -> str:
        """Make a root stack, as a person does; its uid."""
        manifest = {
            "apiVersion": naming.API_VERSION,
            "kind": naming.KIND,
            "metadata": {"name": name},
            "spec": {"services": {"web": {"image": "web:1"}}},
        }
        made = await self.connection.request("POST", kinds.STACK.path(self.namespace), body=manifest)
        self.store.put(made)
        return str(made["metadata"]["uid"])

    async def live(self, ref: Ref) -> dict[str, Any]:
        return await self.connection.request("GET", ref.path)

    async def take_over(self, manifest: Manifest, owner: str) -> ApplyResult:
        """Apply with ``adopt`` until no other program has written to the object between the reading and the patch.

        The operator tries again as well. The controllers of volumes write to a new claim at times of their own.
        """
        options = ApplyOptions(adopt=True)
        async with asyncio.timeout(SECONDS):
            while isinstance((applied := await self.applier.apply(manifest, owner, options)).error, Conflict):
                assert not isinstance(applied.error, Foreign), applied.error
        return applied

    async def disturb(self, ref: Ref, change: dict[str, Any]) -> dict[str, Any]:
        """Change an object as some other program does, and let our watch hear of it."""
        answer = await self.connection.request(
            "PATCH", ref.path, params={"fieldManager": INTRUDER}, body=change, content_type=MERGE_PATCH
        )
        version = int(answer["metadata"]["resourceVersion"])
        await self.until(lambda: (record := self.store.get(ref)) is not None and record.version >= version)
        return answer

    async def until(self, condition: Callable[[], bool], seconds: float = SECONDS) -> None:
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.01)

    def record(self, ref: Ref) -> Record:
        record = self.store.get(ref)
        assert record is not None, f"{ref} is not in the store"
        return record


@asynccontextmanager
async def viewing(plane: ControlPlane, namespace: str, *, follow: bool = True) -> AsyncIterator[View]:
    async with await Connection.open(kubeconfig=str(plane.kubeconfig)) as connection:
        view = View(connection, namespace)
        try:
            yield await view.follow() if follow else view
        finally:
            await view.watches.stop()


def metadata(namespace: str, name: str, uid: str, **labels: str) -> dict[str, Any]:
    own = {naming.LABEL_MANAGED_BY: naming.OPERATOR_NAME, naming.LABEL_STACK: "shop", naming.LABEL_ROOT: "shop"}
    owner = reference_to("shop", uid)
    return {"name": name, "namespace": namespace, "labels": {**own, **labels}, "ownerReferences": [owner]}


def owned_by(stack: str, manifest: Manifest) -> Manifest:
    """The manifest with this owner's name: garbage collection takes an owner that it cannot find by name for gone."""
    manifest["metadata"]["ownerReferences"][0]["name"] = stack
    return manifest


def pod_template(image: str = "web:1") -> dict[str, Any]:
    """One of every form that the server could write back differently: empty values, atomic values, merged lists."""
    container = {
        "name": "web",
        "image": image,
        "args": ["serve", ""],
        "env": [
            {"name": "B", "value": "x"},
            {"name": "A", "value": ""},
            {"name": "POD", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}},
        ],
        "ports": [{"containerPort": 80, "protocol": "TCP"}, {"name": "dns", "containerPort": 53, "protocol": "UDP"}],
        "resources": {"limits": {"cpu": "500m", "memory": "1Gi"}},
        "readinessProbe": {"httpGet": {"path": "/", "port": 80}, "periodSeconds": 10},
        "lifecycle": {"preStop": {"sleep": {"seconds": 1}}},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
    }
    spec = {
        "containers": [container],
        "volumes": [{"name": "tmp", "emptyDir": {}}],
        "dnsPolicy": "None",
        "dnsConfig": {
            "nameservers": ["10.0.0.10"],
            "searches": ["b", "a"],
            "options": [{"name": "ndots", "value": "1"}],
        },
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {"runAsNonRoot": True, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}},
    }
    return {"metadata": {"labels": {"app": "web", naming.LABEL_MANAGED_BY: naming.OPERATOR_NAME}}, "spec": spec}


def service(namespace: str, uid: str, name: str = "web", **spec: Any) -> Manifest:
    ports = [
        {"name": "tcp", "port": 80, "targetPort": 80, "protocol": "TCP"},
        {"name": "udp", "port": 80, "targetPort": 53, "protocol": "UDP"},
    ]
    own = {"selector": {"app": "web"}, "ports": ports}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(namespace, name, uid),
        "spec": {**own, **spec},
    }


def deployment(namespace: str, uid: str, name: str = "web", **spec: Any) -> Manifest:
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}
    own = {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}, "template": pod_template(), "strategy": rolling}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata(namespace, name, uid),
        "spec": {**own, **spec},
    }


def config_map(namespace: str, uid: str, name: str = "conf") -> Manifest:
    data = {"a": "b", "empty": ""}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata(namespace, name, uid), "data": data}


def claim(size: str = "1Gi") -> dict[str, Any]:
    return {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}


def volume_claim(namespace: str, uid: str, name: str = "data") -> Manifest:
    own = metadata(namespace, name, uid)
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": own, "spec": claim()}


def stateful_set(namespace: str, uid: str, size: str = "1Gi", **spec: Any) -> Manifest:
    template = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data"},
        "spec": {**claim(size), "volumeMode": "Filesystem"},
        "status": {"phase": "Pending"},
    }
    own = {
        "replicas": 1,
        "serviceName": "zone",
        "selector": {"matchLabels": {"app": "web"}},
        "template": pod_template(),
        "podManagementPolicy": "Parallel",
        "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Delete", "whenScaled": "Retain"},
        "volumeClaimTemplates": [template],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": metadata(namespace, "db", uid),
        "spec": {**own, **spec},
    }


def child(namespace: str, uid: str) -> Manifest:
    spec = {"services": {"api": {"image": "api:1"}}}
    own = metadata(namespace, "shop-orders", uid)
    return {"apiVersion": naming.API_VERSION, "kind": naming.KIND, "metadata": own, "spec": spec}


def every_kind(namespace: str, uid: str) -> list[Manifest]:
    """A manifest of every kind that any cluster serves, in the server's own form."""

    def manifest(kind: kinds.Kind, name: str, **body: Any) -> Manifest:
        own = metadata(namespace, name, uid)
        return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": own, **body}

    endpoints = [{"addresses": ["10.1.2.3"], "hostname": "web", "conditions": {"ready": True}}]
    zone = manifest(kinds.ENDPOINT_SLICE, "zone-0", addressType="IPv4", endpoints=endpoints, ports=[])
    zone["metadata"]["labels"] |= {"kubernetes.io/service-name": "zone"}
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    paths = [{"path": "/", "pathType": "Prefix", "backend": backend}]
    metrics = [
        {"type": "Resource", "resource": {"name": name, "target": {"type": "Utilization", "averageUtilization": 70}}}
        for name in ("cpu", "memory")
    ]
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    return [
        service(namespace, uid),
        {**service(namespace, uid, "zone"), "spec": {"clusterIP": "None"}},
        zone,
        config_map(namespace, uid),
        volume_claim(namespace, uid),
        deployment(namespace, uid),
        stateful_set(namespace, uid),
        manifest(
            kinds.NETWORK_POLICY,
            "members",
            spec={
                "podSelector": {"matchLabels": {"a": "b"}},
                "policyTypes": ["Ingress"],
                "ingress": [{"from": [{"podSelector": {}}], "ports": [{"port": 80, "protocol": "TCP"}]}],
            },
        ),
        manifest(
            kinds.INGRESS,
            "edge",
            spec={"ingressClassName": "any", "rules": [{"host": "shop.example", "http": {"paths": paths}}]},
        ),
        manifest(
            kinds.AUTOSCALER,
            "web",
            spec={"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 5, "metrics": metrics},
        ),
        manifest(kinds.DISRUPTION_BUDGET, "web", spec={"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}}),
        child(namespace, uid),
    ]
