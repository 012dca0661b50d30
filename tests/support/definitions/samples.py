"""A value for every field of a stack, each other than the field's default, and what gives it a meaning."""

from copy import deepcopy
from typing import Any

BASE: dict[str, Any] = {
    "services": {
        "web": {"image": "web", "interface": {"/": {}}},
        "db": {"image": "db"},
        "sub": {"type": "stack", "interface": {"/sub": {}}, "stack": {"services": {"x": {"image": "x"}}}},
    }
}
WEB = "services.web"
JUDGED_ELSEWHERE = {
    # What a subtree inherits from stacks that are not exported has its own test.
    "place",
    # The members themselves: the rest of this file.
    "services.web.type", "services.web.stack", "services.web.stackRef", "services.web.image",
}  # fmt: skip
SAMPLES: dict[str, Any] = {
    "appName": "other",
    "environment": "dev",
    "env": {"REGION": "eu-1"},
    "imageRegistry": "registry.example",
    "imagePullSecrets": ["s"],
    "images": {"web": "web:2"},
    "securityProfile": "baseline",
    "additionalKinds": ["HTTPRoute"],
    "reconcileAs": "tenant",
    "serviceAccounts": ["uploader"],
    "revisionHistoryLimit": 3,
    "updatePolicy": {"failureAction": "rollback"},
    "networks": {"net": {}},
    "networks.*.name": "shared",
    "networks.*.driver": "macvlan",
    "networks.*.labels": {"a": "b"},
    "networks.*.attachable": False,
    "data": {"data": {}},
    "data.*.size": "2Gi",
    "data.*.sizeLimit": "2Gi",
    "data.*.storageClass": "fast",
    "data.*.mode": "ReadWriteMany",
    "data.*.adopt": True,
    "data.*.claim": "theirs",
    "data.*.seed": "files",
    "data.*.nfs": {"server": "nfs.example", "path": "/x"},
    "data.*.nfs.server": "other.example",
    "data.*.nfs.path": "/y",
    "data.*.labels": {"a": "b"},
    "configs": {"conf": {"content": "x"}},
    "configs.*.content": "y",
    "configs.*.binaryContent": "AAAA",
    "configs.*.configMap": "theirs",
    "configs.*.key": "other",
    "configs.*.labels": {"a": "b"},
    "secrets": {"secret": {"secret": "theirs"}},
    "secrets.*.secret": "others",
    "secrets.*.key": "other",
    "exposure": {"type": "NodePort"},
    "interface": {"ports": {"8080": 3000}},
    "interface.ports": {"8081": 3000},
    "gateway": {"replicas": 2},
    "gateway.replicas": 3,
    "gateway.maxBody": "1Mi",
    "gateway.image": "nginx",
    "gateway.resources": {"limits": {"cpu": "1"}},
    "edge": {"hosts": ["shop.example"]},
    "templateOnly": True,
    "suspend": True,
    "stopped": True,
    "restartedAt": "2026-11-29T12:30:00Z",
    "verify": {"image": "x"},
    f"{WEB}.entrypoint": ["/bin/x"],
    f"{WEB}.command": ["x"],
    f"{WEB}.workingDir": "/x",
    f"{WEB}.user": "1000",
    f"{WEB}.environment": {"A": "b"},
    f"{WEB}.environmentFrom": [{"secret": "s"}],
    f"{WEB}.environmentValuesFrom": {"A": {"secret": "s", "key": "k"}},
    f"{WEB}.ports": {"http": {"port": 80}},
    f"{WEB}.ports.*.port": 81,
    f"{WEB}.ports.*.protocol": "UDP",
    f"{WEB}.ports.*.appProtocol": "http",
    f"{WEB}.ports.*.published": 8080,
    f"{WEB}.ports.*.mode": "host",
    f"{WEB}.ports.*.hostIp": "127.0.0.1",
    f"{WEB}.ports.*.exposure": "NodePort",
    f"{WEB}.interface": {"/web": {}},
    f"{WEB}.interface.*.path": "/y",
    f"{WEB}.interface.*.port": 81,
    f"{WEB}.interface.*.protocol": "https",
    f"{WEB}.healthcheck": {"test": ["CMD", "true"]},
    f"{WEB}.healthcheck.test": ["CMD", "false"],
    f"{WEB}.healthcheck.http": "/x",
    f"{WEB}.healthcheck.tcp": True,
    f"{WEB}.healthcheck.port": 81,
    f"{WEB}.healthcheck.interval": "1s",
    f"{WEB}.healthcheck.timeout": "1s",
    f"{WEB}.healthcheck.retries": 1,
    f"{WEB}.healthcheck.startPeriod": "1s",
    f"{WEB}.healthcheck.startInterval": "1s",
    f"{WEB}.healthcheck.disable": True,
    f"{WEB}.volumes": {"v": {"target": "/v"}},
    f"{WEB}.volumes.*.source": "/host",
    f"{WEB}.volumes.*.image": "files",
    f"{WEB}.volumes.*.target": "/w",
    f"{WEB}.volumes.*.subPath": "x",
    f"{WEB}.volumes.*.medium": "Memory",
    f"{WEB}.volumes.*.size": "1Gi",
    f"{WEB}.volumes.*.nocopy": True,
    f"{WEB}.volumes.*.propagation": "HostToContainer",
    f"{WEB}.volumes.*.createHostPath": True,
    f"{WEB}.deploy": {"replicas": 2},
    f"{WEB}.deploy.mode": "global",
    f"{WEB}.deploy.replicas": 3,
    f"{WEB}.deploy.endpointMode": "dnsrr",
    f"{WEB}.deploy.labels": {"a": "b"},
    f"{WEB}.deploy.resources": {"limits": {"cpu": "1"}},
    f"{WEB}.deploy.resources.limits": {"memory": "1Mi"},
    f"{WEB}.deploy.resources.limits.cpu": "2",
    f"{WEB}.deploy.resources.limits.memory": "1Gi",
    f"{WEB}.deploy.resources.limits.pids": 5,
    f"{WEB}.deploy.resources.reservations": {"cpu": "500m"},
    f"{WEB}.deploy.resources.reservations.cpu": "250m",
    f"{WEB}.deploy.resources.reservations.memory": "1Gi",
    f"{WEB}.deploy.resources.reservations.devices": {"gpu": {}},
    f"{WEB}.deploy.resources.reservations.devices.*.driver": "amd",
    f"{WEB}.deploy.resources.reservations.devices.*.count": 2,
    f"{WEB}.deploy.resources.reservations.devices.*.capabilities": ["tpu"],
    f"{WEB}.deploy.resources.reservations.genericResources": {"FPGA": 1},
    f"{WEB}.deploy.resources.reservations.claimTemplates": {"gpu": "one-large-gpu"},
    f"{WEB}.deploy.placement": {"constraints": ["node.role == manager"]},
    f"{WEB}.deploy.placement.constraints": ["node.role == worker"],
    f"{WEB}.deploy.placement.preferences": [{"spread": "node.labels.zone"}],
    f"{WEB}.deploy.placement.maxReplicasPerNode": 1,
    f"{WEB}.deploy.restartPolicy": {"condition": "onFailure"},
    f"{WEB}.deploy.restartPolicy.condition": "none",
    f"{WEB}.deploy.restartPolicy.maxAttempts": 2,
    f"{WEB}.deploy.restartPolicy.delay": "2s",
    f"{WEB}.deploy.restartPolicy.window": "2s",
    **{
        f"{WEB}.deploy.{config}{field}": value
        for config in ("updateConfig", "rollbackConfig")
        for field, value in {
            "": {"parallelism": 2},
            ".order": "stopFirst",
            ".parallelism": 3,
            ".delay": "2s",
            ".monitor": "2s",
            ".maxFailureRatio": 0.5,
            ".failureAction": "continue",
        }.items()
    },
    f"{WEB}.policies": {"timeout": {"requestTimeout": "5s"}},
    f"{WEB}.policies.scaling": {"max": 5},
    f"{WEB}.policies.timeout": {"requestTimeout": "6s"},
    f"{WEB}.policies.timeout.requestTimeout": "7s",
    f"{WEB}.policies.maxBody": "2Mi",
    f"{WEB}.policies.session": {"cookie": "replica"},
    f"{WEB}.policies.session.cookie": "another-replica",
    f"{WEB}.policies.retry": {"maxRetries": 2},
    f"{WEB}.policies.retry.maxRetries": 3,
    f"{WEB}.policies.accessControl": {"rateLimit": 5},
    f"{WEB}.policies.accessControl.rateLimit": 6,
    f"{WEB}.policies.accessControl.allow": ["10.0.0.0/8"],
    f"{WEB}.policies.accessControl.authentication": {"secret": "users"},
    f"{WEB}.policies.accessControl.authentication.secret": "others",
    f"{WEB}.policies.accessControl.authentication.realm": "Shop",
    f"{WEB}.policies.logging": {"level": "warn"},
    f"{WEB}.policies.logging.level": "none",
    f"{WEB}.networks": {"siblings": {"aliases": ["a"]}},
    f"{WEB}.networks.*.aliases": ["b"],
    f"{WEB}.stopSignal": "SIGINT",
    f"{WEB}.stopGracePeriod": "5s",
    f"{WEB}.labels": {"a": "b"},
    f"{WEB}.annotations": {"a": "b"},
    f"{WEB}.dependsOn": {"db": {}},
    f"{WEB}.configs": {"conf": {}},
    f"{WEB}.secrets": {"secret": {}},
    **{
        f"{WEB}.{kind}.*.{field}": value
        for kind in ("configs", "secrets")
        for field, value in {"target": "/x", "mode": 0o400, "uid": 5, "gid": 5}.items()
    },
    f"{WEB}.hostname": "host",
    f"{WEB}.domainname": "example",
    f"{WEB}.extraHosts": {"a": ["10.0.0.1"]},
    f"{WEB}.dns": ["10.0.0.1"],
    f"{WEB}.dnsSearch": ["example.com"],
    f"{WEB}.dnsOptions": {"ndots": "2"},
    f"{WEB}.groupAdd": [5],
    f"{WEB}.capAdd": ["NET_ADMIN"],
    f"{WEB}.capDrop": ["ALL"],
    f"{WEB}.securityOpt": {"noNewPrivileges": True},
    f"{WEB}.sysctls": {"net.core.somaxconn": "5"},
    f"{WEB}.tmpfs": {"/run": {}},
    f"{WEB}.tmpfs.*.size": "1Mi",
    f"{WEB}.tmpfs.*.mode": 0o700,
    f"{WEB}.shmSize": "1Mi",
    f"{WEB}.ulimits": {"nofile": {"soft": 5}},
    f"{WEB}.ulimits.*.soft": 6,
    f"{WEB}.ulimits.*.hard": 9,
    f"{WEB}.storageOpt": {"size": "1Gi"},
    f"{WEB}.devices": {"kvm": {"source": "/dev/kvm"}},
    f"{WEB}.postStart": [{"command": ["x"]}],
    f"{WEB}.preStop": [{"command": ["x"]}],
    f"{WEB}.pullPolicy": "Always",
    f"{WEB}.platform": "linux/amd64",
    f"{WEB}.runtime": "gvisor",
    f"{WEB}.serviceAccountName": "uploader",
    f"{WEB}.automountServiceAccountToken": True,
    f"{WEB}.stopped": True,
    f"{WEB}.adopt": True,
    f"{WEB}.reloadOn": {"db": "7"},
    f"{WEB}.reloadOnSecrets": True,
    f"{WEB}.restartedAt": "2026-11-29T12:31:00+01:00",
}
WHOLE = {
    # Reported as a whole, with all that they say.
    f"{WEB}.environmentFrom", f"{WEB}.environmentValuesFrom", f"{WEB}.securityOpt", f"{WEB}.storageOpt",
    f"{WEB}.devices", f"{WEB}.postStart", f"{WEB}.preStop", f"{WEB}.dependsOn", "edge", "exposure", "gateway.resources",
    f"{WEB}.policies.scaling", "verify", "updatePolicy",
}  # fmt: skip
NEEDS: dict[str, dict[str, Any]] = {
    "networks": {f"{WEB}.networks": {"net": {}}},
    "data": {f"{WEB}.volumes": {"v": {"source": "data", "target": "/v"}}},
    "data.*.adopt": {"data.*.retain": True},
    "data.*.seed": {"configs": {"files": {"binaryContent": "AAAA"}}},
    "configs": {f"{WEB}.configs": {"conf": {}}},
    "secrets": {f"{WEB}.secrets": {"secret": {}}},
    f"{WEB}.configs": {"configs": {"conf": {"content": "x"}, "other": {"content": "o"}}},
    f"{WEB}.serviceAccountName": {"serviceAccounts": ["uploader"]},
    f"{WEB}.automountServiceAccountToken": {f"{WEB}.serviceAccountName": "uploader", "serviceAccounts": ["uploader"]},
    f"{WEB}.secrets": {"secrets": {"secret": {"secret": "theirs"}, "other": {"secret": "o"}}},
}
"""What a field needs beside it to mean anything."""
EXCHANGED = {
    "configs.*.binaryContent": "content", "configs.*.configMap": "content",
    f"{WEB}.healthcheck.http": "test", f"{WEB}.healthcheck.tcp": "test", f"{WEB}.healthcheck.disable": "test",
    f"{WEB}.deploy.mode": "replicas",
}  # fmt: skip
"""Fields that stand in place of another one."""
SAMPLES |= {f"{WEB}.{kind}.*.source": "other" for kind in ("configs", "secrets")}


def _put(spec: dict[str, Any], path: str, value: Any) -> None:
    """Set the value at a path; what is missing on the way is made of samples."""
    *way, last = path.split(".")
    node, walked = spec, ""
    for step in way:
        walked = f"{walked}.{step}".lstrip(".")
        node = next(iter(node.values())) if step == "*" else node.setdefault(step, deepcopy(SAMPLES.get(walked, {})))
    if path in EXCHANGED:
        node.pop(EXCHANGED[path], None)
    node[last] = deepcopy(value)


def _add(spec: dict[str, Any], values: dict[str, Any]) -> None:
    for path, value in values.items():
        _put(spec, path, value)


def surroundings(path: str, *, said: bool = False) -> dict[str, Any]:
    """Return a stack in which a field means something, with the field itself or without it."""
    spec = deepcopy(BASE)
    for start, needed in NEEDS.items():
        if path.startswith(f"{start}."):
            _add(spec, {start: SAMPLES[start], **needed})
    parts = path.split(".")[:-1]
    holder = ".".join(parts[:-1] if parts and parts[-1] == "*" else parts)
    if holder and holder not in (WEB, "services"):
        _put(spec, holder, SAMPLES[holder])
    if path.endswith((".failureAction", ".maxFailureRatio")) or "rollbackConfig" in path:
        _put(spec, f"{WEB}.deploy.updateConfig", {"parallelism": 2})
    if said:
        _add(spec, {path: SAMPLES.get(path, True), **NEEDS.get(path, {})})
    return spec
