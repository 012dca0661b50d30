"""The calls by which the simulated API server is compared with a real one: writes of every sort, one after another."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from ailtire_operator import naming
from ailtire_operator.cluster.connection import APPLY, JSON_PATCH
from ailtire_operator.cluster.kinds import CONFIG_MAP, DEPLOYMENT, JOB, NETWORK_POLICY, SERVICE, STACK, Kind
from orders.answers import Answer
from orders.api_server import MERGE_PATCH
from support.fake_cluster.records import reference_to

Object = dict[str, Any]
Asked = dict[str, Answer]
"""The answers so far, by the name of their call."""
LABELS = {naming.LABEL_MANAGED_BY: naming.OPERATOR_NAME}
RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}


@dataclass(frozen=True)
class Call:
    """One call; its body may depend on the answers before."""

    name: str
    method: str
    kind: Kind
    of: str = ""
    body: Callable[[Asked], Object | list[Object] | None] = lambda asked: None
    params: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    subresource: str = ""


def apply(name: str, kind: Kind, of: str, body: Callable[[Asked], Object], manager: str = "", sub: str = "") -> Call:
    params = {"fieldManager": manager or naming.FIELD_MANAGER, "force": "true", "fieldValidation": "Strict"}
    return Call(name, "PATCH", kind, of, body, params, APPLY, sub)


def manifest(kind: Kind, name: str, _metadata: Object | None = None, **content: Any) -> Callable[[Asked], Object]:
    """A body, whose metadata may name answers: ``{"uid": "@create"}`` is the uid of what that call answered."""

    def made(asked: Asked) -> Object:
        metadata: Object = {"name": name, "labels": LABELS}
        for key, value in (_metadata or {}).items():
            answer = asked.get(value[1:]) if isinstance(value, str) and value.startswith("@") else None
            metadata[key] = answer.body["metadata"][key] if answer else value
            if value is None:
                del metadata[key]
        if owner := metadata.pop("owner", ""):
            metadata["ownerReferences"] = [reference_to(owner, asked[f"create {owner}"].body["metadata"]["uid"])]
        return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, **content}

    return made


def deployment(image: str = "web:1", *, env: Object | None = None, **more: Any) -> Object:
    labels = {"app": "web"}
    variables = {"env": [{"name": name, "value": value} for name, value in env.items()]} if env else {}
    container = {
        "name": "web",
        "image": image,
        "securityContext": RESTRICTED,
        "ports": [{"containerPort": 80, "name": "http", "protocol": "TCP"}],
        "resources": {"limits": {"cpu": "1", "memory": "64Mi"}},
        **variables,
    }
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container], "enableServiceLinks": False}}
    return {"replicas": 0, "selector": {"matchLabels": labels}, "template": template, **more}


WEB = {
    "web": {"image": "web:1", "environment": {"A": "1", "B": "2"}, "entrypoint": ["a", "b"]},
    "below": {"type": "stack", "stack": {"services": {"api": {"image": "api:1", "environment": {"A": "1"}}}}},
}
CREATE = {"resourceVersion": "1"}
PORTS = [{"name": "http", "port": 80, "protocol": "TCP"}, {"name": "dns", "port": 53, "protocol": "UDP"}]
POLICY: Object = {"podSelector": {"matchLabels": {"a": "b"}}, "policyTypes": ["Ingress"], "ingress": [{}]}


def status(reason: str, *extra: str) -> Object:
    names = ("Ready", *extra)
    return {
        "observedGeneration": 1,
        "conditions": [
            {
                "type": each,
                "status": "True",
                "reason": reason,
                "message": "",
                "lastTransitionTime": "2026-01-01T00:00:00Z",
            }
            for each in names
        ],
    }


def stack_calls() -> Iterator[Call]:
    yield Call(
        "create root", "POST", STACK, body=manifest(STACK, "root", spec={"services": WEB}, status={"ready": "x"})
    )
    yield Call("create it again", "POST", STACK, body=manifest(STACK, "root", spec={}))
    yield Call("get root", "GET", STACK, "root")
    yield Call("get nothing", "GET", STACK, "nothing")
    yield apply("create what exists", STACK, "root", manifest(STACK, "root", CREATE, spec={}))
    child = {"services": {"api": {"image": "api:1"}}}
    yield apply("create child", STACK, "child", manifest(STACK, "child", CREATE | {"owner": "root"}, spec=child))
    yield apply(
        "the same again",
        STACK,
        "child",
        manifest(STACK, "child", {"uid": "@create child", "owner": "root"}, spec=child),
    )
    other = {
        "services": {
            "api": {"image": "api:2", "dependsOn": {"db": {"condition": "healthy"}}},
            **WEB,
            "db": {"image": "db:1"},
        }
    }
    yield apply(
        "change child", STACK, "child", manifest(STACK, "child", {"uid": "@create child", "owner": "root"}, spec=other)
    )
    yield apply(
        "drop a service",
        STACK,
        "child",
        manifest(STACK, "child", {"uid": "@create child", "owner": "root"}, spec=child),
    )
    yield apply("of another uid", STACK, "child", manifest(STACK, "child", {"uid": "@create root"}, spec=child))
    yield apply(
        "of an old version", STACK, "child", manifest(STACK, "child", {"resourceVersion": "@create child"}, spec=child)
    )
    yield apply(
        "first status",
        STACK,
        "child",
        manifest(STACK, "child", {"resourceVersion": "@drop a service", "labels": None}, status=status("New", "Other")),
        sub="status",
    )
    yield apply(
        "stale status",
        STACK,
        "child",
        manifest(STACK, "child", {"resourceVersion": "@drop a service", "labels": None}, status=status("Late")),
        sub="status",
    )
    yield apply(
        "next status",
        STACK,
        "child",
        manifest(STACK, "child", {"resourceVersion": "@first status", "labels": None}, status=status("Ready")),
        sub="status",
    )
    yield apply(
        "same status",
        STACK,
        "child",
        manifest(STACK, "child", {"resourceVersion": "@next status", "labels": None}, status=status("Ready")),
        sub="status",
    )
    yield apply(
        "status of nothing",
        STACK,
        "nothing",
        manifest(STACK, "nothing", {"resourceVersion": "5"}, status=status("Ready")),
        sub="status",
    )
    edit = {"spec": {"services": {"api": {"environment": {"C": "3"}}}}, "status": {"ready": "never"}}
    yield Call("edit child", "PATCH", STACK, "child", lambda asked: edit, {"fieldManager": "somebody"}, MERGE_PATCH)
    yield apply(
        "apply beside an edit",
        STACK,
        "child",
        manifest(STACK, "child", {"uid": "@create child", "owner": "root"}, spec=child),
    )
    change = [{"op": "remove", "path": "/spec/services/api/environment"}]
    yield json_patch("remove the edit", STACK, "child", "create child", change)
    yield json_patch("remove it again", STACK, "child", "create child", change)
    yield json_patch("patch of another uid", STACK, "child", "create root", change)


def json_patch(name: str, kind: Kind, of: str, uid_of: str, change: list[Object]) -> Call:
    def body(asked: Asked) -> list[Object]:
        return [{"op": "test", "path": "/metadata/uid", "value": asked[uid_of].body["metadata"]["uid"]}, *change]

    return Call(name, "PATCH", kind, of, body, {"fieldManager": naming.FIELD_MANAGER}, JSON_PATCH)


def object_calls() -> Iterator[Call]:
    yield Call("create root", "POST", STACK, body=manifest(STACK, "root", spec={"services": WEB}))
    yield apply(
        "create web",
        DEPLOYMENT,
        "web",
        manifest(
            DEPLOYMENT,
            "web",
            CREATE | {"owner": "root", "annotations": {"a": "b"}},
            spec=deployment(env={"A": "1", "B": "2"}),
        ),
    )
    mine = {"uid": "@create web", "owner": "root"}
    yield apply(
        "drop a variable",
        DEPLOYMENT,
        "web",
        manifest(DEPLOYMENT, "web", {**mine, "annotations": {"a": "b"}}, spec=deployment(env={"B": "2"})),
    )
    yield apply(
        "drop all annotations", DEPLOYMENT, "web", manifest(DEPLOYMENT, "web", mine, spec=deployment(env={"B": "2"}))
    )
    yield apply(
        "change the image",
        DEPLOYMENT,
        "web",
        manifest(DEPLOYMENT, "web", mine, spec=deployment("web:2", env={"B": "2"})),
    )
    scale = {**deployment("web:2", env={"B": "2"})}
    scale.pop("replicas")
    hold = {"apiVersion": "apps/v1", "kind": "Deployment"}
    yield apply(
        "hold the replicas",
        DEPLOYMENT,
        "web",
        lambda asked: {
            **hold,
            "metadata": {"name": "web", "uid": asked["create web"].body["metadata"]["uid"]},
            "spec": {"replicas": 0},
        },
        naming.HANDOVER_MANAGER,
    )
    yield apply("let go of the replicas", DEPLOYMENT, "web", manifest(DEPLOYMENT, "web", mine, spec=scale))
    intruder = {"spec": {"template": {"spec": {"enableServiceLinks": True, "dnsPolicy": "Default"}}}}
    yield Call("intrude", "PATCH", DEPLOYMENT, "web", lambda asked: intruder, {"fieldManager": "intruder"}, MERGE_PATCH)
    yield apply("put it right", DEPLOYMENT, "web", manifest(DEPLOYMENT, "web", mine, spec=scale))
    for kind, name, content in _small():
        yield apply(f"create {name}", kind, name, manifest(kind, name, CREATE | {"owner": "root"}, **content[0]))
        again = {"uid": f"@create {name}", "owner": "root"}
        yield apply(f"the same {name}", kind, name, manifest(kind, name, again, **content[0]))
        yield apply(f"change {name}", kind, name, manifest(kind, name, again, **content[1]))
        yield apply(
            f"relabel {name}", kind, name, manifest(kind, name, {**again, "labels": LABELS | {"x": "y"}}, **content[1])
        )
    yield apply("of what is gone", CONFIG_MAP, "gone", manifest(CONFIG_MAP, "gone", {"uid": "@create conf"}, data={}))
    taken = {"metadata": {"ownerReferences": None}}
    yield Call("disown conf", "PATCH", CONFIG_MAP, "conf", lambda asked: taken, {"fieldManager": "thief"}, MERGE_PATCH)
    yield apply(
        "own conf again",
        CONFIG_MAP,
        "conf",
        manifest(CONFIG_MAP, "conf", {"uid": "@create conf", "owner": "root"}, data={"a": "2"}),
    )
    read = {"uid": "@create conf", "resourceVersion": "@own conf again", "labels": LABELS | {"x": "z"}}
    tried = apply("rehearse conf", CONFIG_MAP, "conf", manifest(CONFIG_MAP, "conf", read, data={"a": "3"}))
    yield replace(tried, params=tried.params | {"dryRun": "All"})
    yield Call("conf after that", "GET", CONFIG_MAP, "conf")
    yield apply("take conf", CONFIG_MAP, "conf", manifest(CONFIG_MAP, "conf", read, data={"a": "3"}))
    yield apply("take a version before", CONFIG_MAP, "conf", manifest(CONFIG_MAP, "conf", read, data={"a": "4"}))


def _small() -> list[tuple[Kind, str, tuple[Object, Object]]]:
    pod = {
        "metadata": {"labels": {"app": "job"}},
        "spec": {"restartPolicy": "Never", "containers": deployment()["template"]["spec"]["containers"]},
    }
    return [
        (CONFIG_MAP, "conf", ({"data": {"a": "1", "b": "2"}}, {"data": {"a": "2"}})),
        (
            SERVICE,
            "front",
            (
                {"spec": {"selector": {"a": "b"}, "ports": PORTS}},
                {"spec": {"selector": {"a": "c"}, "ports": PORTS[1:]}},
            ),
        ),
        (
            NETWORK_POLICY,
            "open",
            ({"spec": POLICY}, {"spec": {**POLICY, "ingress": [{"from": [{"podSelector": {}}]}]}}),
        ),
        (
            JOB,
            "job",
            (
                {"spec": {"template": pod, "suspend": True}},
                {"spec": {"template": pod, "suspend": True, "parallelism": 2}},
            ),
        ),
    ]


def deletion_calls() -> Iterator[Call]:
    yield Call("create root", "POST", STACK, body=manifest(STACK, "root", spec={"services": WEB}))
    yield apply("create conf", CONFIG_MAP, "conf", manifest(CONFIG_MAP, "conf", CREATE, data={"a": "1"}))
    yield delete("delete another conf", CONFIG_MAP, "conf", "create root")
    yield delete("delete conf", CONFIG_MAP, "conf", "create conf")
    yield delete("delete it again", CONFIG_MAP, "conf", "create conf")
    held = {"finalizers": ["example.com/held"]}
    yield Call("create held", "POST", CONFIG_MAP, body=manifest(CONFIG_MAP, "held", held))
    yield delete("delete held", CONFIG_MAP, "held", "create held")
    yield apply(
        "write to held", CONFIG_MAP, "held", manifest(CONFIG_MAP, "held", {"uid": "@create held"}, data={"b": "1"})
    )
    yield Call(
        "let held go",
        "PATCH",
        CONFIG_MAP,
        "held",
        lambda asked: {"metadata": {"finalizers": None}},
        content_type=MERGE_PATCH,
    )
    yield Call("get held", "GET", CONFIG_MAP, "held")
    yield Call("create held root", "POST", STACK, body=manifest(STACK, "held", held, spec={"services": WEB}))
    yield delete("delete held root", STACK, "held", "create held root")
    yield Call(
        "let it go", "PATCH", STACK, "held", lambda asked: {"metadata": {"finalizers": None}}, content_type=MERGE_PATCH
    )
    yield delete("delete root", STACK, "root", "create root")


def delete(name: str, kind: Kind, of: str, uid_of: str) -> Call:
    def body(asked: Asked) -> Object:
        return {"preconditions": {"uid": asked[uid_of].body["metadata"]["uid"]}, "propagationPolicy": "Background"}

    return Call(name, "DELETE", kind, of, body)
