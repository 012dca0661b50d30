"""The further keys of a service for Hypothesis: what Compose and Swarm say beside image, ports and storage."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

Json = dict[str, Any]

_DURATIONS = st.sampled_from(["1s", "90s", "2m", "1m30s"])
_SIZES = st.sampled_from(["64Mi", "1Gi", "500M"])
_WORDS = st.lists(st.sampled_from(["sync", "true", "a b", "$HOME", "$(X)"]), min_size=1, max_size=2)
_ADDRESSES = st.lists(st.sampled_from(["10.0.0.5", "192.0.2.9", "FD00::5"]), unique=True, min_size=1, max_size=2)
_LABELS = st.dictionaries(
    st.sampled_from(["team", "example.com/tier"]), st.sampled_from(["blue", "two words", ""]), max_size=2
)
_RATIO = st.sampled_from([0.0, 0.25, 1.0])
_CONSTRAINTS = st.lists(
    st.sampled_from(
        [
            "node.labels.disk == ssd",
            "node.hostname!=old",
            "node.role == manager",
            "node.role != worker",
            "node.platform.os == linux",
            "engine.labels.zone != a",
        ]
    ),
    unique=True,
    max_size=2,
)
_PLACEMENT: dict[str, SearchStrategy[Any]] = {
    "constraints": _CONSTRAINTS,
    "preferences": st.lists(
        st.sampled_from(["node.labels.zone", "node.labels.rack"]).map(lambda each: {"spread": each}),
        max_size=2,
        unique_by=lambda each: each["spread"],
    ),
    "maxReplicasPerNode": st.integers(0, 3),
}
_ROLLING: dict[str, SearchStrategy[Any]] = {
    "order": st.sampled_from(["startFirst", "stopFirst"]),
    "parallelism": st.integers(0, 5),
    "delay": _DURATIONS,
    "monitor": _DURATIONS,
    "maxFailureRatio": _RATIO,
}
_RESERVATIONS: dict[str, SearchStrategy[Any]] = {
    "memory": st.just("64Mi"),
    "devices": st.fixed_dictionaries({"gpu": st.just({"driver": "nvidia", "count": 2, "capabilities": ["gpu"]})}),
    "genericResources": st.dictionaries(
        st.sampled_from(["example.com/fpga", "AMD-GPU"]), st.integers(1, 3), min_size=1, max_size=2
    ),
}
_HOOKS = st.lists(
    st.fixed_dictionaries(
        {"command": _WORDS},
        optional={"environment": st.just({"LEVEL": "2"}), "workingDir": st.just("/srv")},
    ),
    max_size=2,
)
_SECURITY: dict[str, SearchStrategy[Any]] = {
    "noNewPrivileges": st.booleans(),
    "seccomp": st.sampled_from(["default", "unconfined", "profiles/a.json"]),
    "apparmor": st.sampled_from(["default", "unconfined", "mine"]),
    "label": st.just({"level": "s0:c123,c456"}),
}


def _maybe(fields: dict[str, SearchStrategy[Any]]) -> SearchStrategy[Json]:
    return st.fixed_dictionaries({}, optional=fields)


_FURTHER: dict[str, SearchStrategy[Any]] = {
    "hostname": st.sampled_from(["web-host", "{{.Service.Name}}-{{.Task.Slot}}"]),
    "domainname": st.just("shop"),
    "extraHosts": st.dictionaries(st.sampled_from(["db.example", "cache"]), _ADDRESSES, min_size=1, max_size=2),
    "dns": _ADDRESSES,
    "dnsSearch": st.just(["corp.example"]),
    "dnsOptions": st.dictionaries(st.sampled_from(["rotate", "timeout"]), st.sampled_from(["", "2"]), min_size=1),
    "groupAdd": st.lists(st.integers(1, 5000), unique=True, min_size=1, max_size=2),
    "capAdd": st.lists(st.sampled_from(["NET_BIND_SERVICE", "CAP_CHOWN", "KILL"]), unique=True, min_size=1, max_size=2),
    "capDrop": st.sampled_from([["ALL"], ["MKNOD", "CAP_CHOWN"]]),
    "securityOpt": _maybe(_SECURITY),
    "sysctls": st.just({"net.ipv4.ip_unprivileged_port_start": 0}),
    "tty": st.booleans(),
    "stdinOpen": st.booleans(),
    "init": st.booleans(),
    "tmpfs": st.dictionaries(st.sampled_from(["/run", "/tmp"]), _maybe({"size": _SIZES}), min_size=1, max_size=2),
    "shmSize": _SIZES,
    "ulimits": st.just({"nofile": {"soft": 1024, "hard": 2048}}),
    "storageOpt": st.fixed_dictionaries({"size": _SIZES}),
    "postStart": _HOOKS,
    "preStop": _HOOKS,
    "pullPolicy": st.sampled_from(["Always", "IfNotPresent", "Never"]),
    "platform": st.sampled_from(["linux/amd64", "linux/arm64"]),
    "runtime": st.just("gvisor"),
    "reloadOnSecrets": st.just(True),
    "reloadOn": st.dictionaries(st.sampled_from(["db", "a key"]), st.sampled_from(["", "7"]), min_size=1),
}


@st.composite
def further(draw: DrawFn, configs: Json, secrets: Json) -> Json:
    """Up to five of the further keys, and files of those that the stack has."""
    chosen = draw(st.lists(st.sampled_from(sorted(_FURTHER)), unique=True, max_size=5))
    found: Json = {key: draw(_FURTHER[key]) for key in chosen}
    for field, known in (("configs", configs), ("secrets", secrets)):
        wanted: bool = draw(st.booleans())
        if known and wanted:
            found[field] = draw(_files(sorted(known)))
    return found


@st.composite
def _files(draw: DrawFn, known: list[str]) -> Json:
    mounts: Json = {}
    for key in draw(st.lists(st.sampled_from(known), unique=True, max_size=2)):
        optional = {"target": st.just(f"/etc/{key}.conf"), "mode": st.sampled_from([0o400, 0o440]), "gid": st.just(7)}
        mounts[key] = draw(_maybe(optional))
    return mounts


@st.composite
def deploys(draw: DrawFn, resources: SearchStrategy[Json]) -> Json:
    """``deploy`` in every mode, with what fits it."""
    mode = draw(st.sampled_from(["replicated"] * 4 + ["global", "replicatedJob", "globalJob"]))
    fields: dict[str, SearchStrategy[Any]] = {
        "resources": resources | st.fixed_dictionaries({"reservations": _maybe(_RESERVATIONS)}),
        "placement": _maybe(_PLACEMENT),
        "labels": _LABELS,
    }
    if mode in ("replicated", "replicatedJob"):
        fields["replicas"] = st.integers(0, 4)
    if mode.endswith("Job"):
        fields["restartPolicy"] = _maybe(
            {"condition": st.sampled_from(["onFailure", "none"]), "maxAttempts": st.integers(0, 5)}
        )
    else:
        conditions = ["any"] if mode == "global" else ["any", "any", "onFailure", "none"]
        fields["restartPolicy"] = _maybe({"condition": st.sampled_from(conditions), "delay": _DURATIONS})
        actions = st.sampled_from(["pause", "continue", "rollback"])
        fields["updateConfig"] = _maybe(_ROLLING | {"failureAction": actions})
        fields["rollbackConfig"] = _maybe(_ROLLING | {"failureAction": st.sampled_from(["pause", "continue"])})
        fields["endpointMode"] = st.sampled_from(["vip", "dnsrr"])
    deploy: Json = draw(_maybe(fields))
    return deploy if mode == "replicated" else {"mode": mode, **deploy}


CONFIGS = st.dictionaries(
    st.sampled_from(["settings", "logo", "shared"]),
    st.fixed_dictionaries(
        {"content": st.sampled_from(["a: 1\n", "", "$HOME é"])}, optional={"labels": st.just({"team": "blue"})}
    )
    | st.just({"binaryContent": "iVBORw0KGgo="})
    | st.just({"configMap": "shared-config", "key": "app.ini"}),
    max_size=2,
)
SECRETS = st.dictionaries(
    st.sampled_from(["password", "token"]),
    st.fixed_dictionaries({"secret": st.just("web-secret")}, optional={"key": st.just("password")}),
    max_size=2,
)


@st.composite
def with_dependencies(draw: DrawFn, services: Json) -> Json:
    """The same services, some of them waiting for some that stand before them: never in a circle."""
    before: list[str] = []
    for key, service in services.items():
        names = draw(st.lists(st.sampled_from(before), unique=True, max_size=2)) if before else []
        wanted = {
            name: draw(
                _maybe(
                    {
                        "condition": st.sampled_from(["started", "healthy", "completed"]),
                        "restart": st.booleans(),
                        "required": st.booleans(),
                    }
                )
            )
            for name in names
        }
        if wanted:
            service["dependsOn"] = wanted
        before.append(key)
    return services
