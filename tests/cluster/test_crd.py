"""The resource's definition on a real API server: taken, explained, and of one mind with the models."""

import json
import subprocess
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from pydantic import ValidationError

from ailtire_operator import naming
from ailtire_operator.model.stack import StackSpec
from cluster.specs import as_json, stack_specs
from lab import CommandError, ControlPlane, eventually, manifests
from lab.api import Api, Refused
from lab.client import environment, kubectl_path

IMAGE = {"image": "web:1"}
STACKS = f"/apis/{naming.API_VERSION}/namespaces/{{}}/{naming.PLURAL}?dryRun=All&fieldValidation=Strict"


@pytest.fixture(scope="session")
def installed(control_plane: ControlPlane) -> ControlPlane:
    manifests.install(control_plane)
    return control_plane


@pytest.fixture(scope="session")
def api(installed: ControlPlane) -> Api:
    return installed.api


def resource(spec: Any, name: str = "x") -> dict[str, Any]:
    return {"apiVersion": naming.API_VERSION, "kind": naming.KIND, "metadata": {"name": name}, "spec": spec}


def refusal(api: Api, spec: Any, name: str = "x") -> str | None:
    """What the API server has against a spec, without writing anything."""
    try:
        api.create(STACKS.format("default"), resource(spec, name))
    except Refused as refused:
        assert refused.code in (400, 422), refused
        return str(json.loads(str(refused).partition(": ")[2])["message"])
    return None


def service(**fields: Any) -> dict[str, Any]:
    return {"services": {"web": {**IMAGE, **fields}}}


def explained(plane: ControlPlane, path: str) -> str:
    """What `kubectl explain` says; the API server publishes a new resource's schema some seconds after it serves it."""
    texts: list[str] = []

    def ask() -> bool:
        with suppress(CommandError):
            texts.append(" ".join(plane.kubectl("explain", path).split()))
        return bool(texts)

    eventually(ask, what=f"kubectl explain {path}")
    return texts[0]


def test_who_writes_a_deprecated_field_is_warned_and_nothing_is_refused(
    installed: ControlPlane, namespace: str
) -> None:
    def told(**spec: bool) -> str:
        command = [str(kubectl_path()), "apply", "-n", namespace, "-f", "-"]
        text = json.dumps(resource(spec))
        done = subprocess.run(
            command, input=text, capture_output=True, text=True, check=True, env=environment(installed.kubeconfig)
        )
        return done.stderr

    # A policy takes some seconds to come into force.
    eventually(lambda: told(template=True), what="a warning")
    assert "spec.template is deprecated, as kustomize takes it for a pod template" in told(template=False)
    assert "write spec.templateOnly: true" in told(template=True)
    assert not told(templateOnly=True)


def test_explain_teaches(installed: ControlPlane) -> None:
    text = explained(installed, "ailtirestack.spec.services")
    for sentence in (
        "Variables, by name. AILTIRE_* is reserved.",
        "Routes through the stack's gateway",
        "enum: service, stack",
    ):
        assert sentence in text
    assert "DESCRIPTION: <empty>" not in explained(installed, "ailtirestack.spec.edge.tls")


def test_the_columns_show_what_counts(installed: ControlPlane, namespace: str) -> None:
    installed.kubectl("apply", "-n", namespace, "-f", "-", stdin=json.dumps(resource({}, "shop")))
    ready = {"type": "Ready", "status": "False", "reason": "Progressing", "message": "cpl/dm: service db 0/1"}
    condition = {**ready, "lastTransitionTime": "2026-01-01T00:00:00Z"}
    counts = {"services": "3/4", "stacks": "1/2"}
    status = {
        "conditions": [condition],
        "ready": "False",
        "counts": counts,
        "appName": "shop",
        "parent": "top",
        "url": "http://shop.example",
    }
    patch = json.dumps({"status": status})
    installed.kubectl("patch", "ats", "shop", "-n", namespace, "--subresource=status", "--type=merge", "-p", patch)
    head, row = installed.kubectl("get", "ats", "-n", namespace).splitlines()
    assert head.split() == ["NAME", "READY", "SERVICES", "STACKS", "MESSAGE", "AGE"]
    assert row.split()[:7] == ["shop", "False", "3/4", "1/2", "cpl/dm:", "service", "db"]
    head, row = installed.kubectl("get", "ailtire", "-n", namespace, "-o", "wide").splitlines()
    assert head.split()[-3:] == ["APP", "PARENT", "URL"]
    assert row.split()[-3:] == ["shop", "top", "http://shop.example"]


@pytest.mark.parametrize(
    ("spec", "path", "complaint"),
    [
        ({"services": {"a": {}}}, "spec.services[a]", "a service needs an image, or type: stack"),
        (
            {"services": {"a": {"type": "stack"}}},
            "spec.services[a]",
            "exactly one of stack (its definition) and stackRef",
        ),
        (
            {"services": {"a": {"type": "stack", "stack": {}, **IMAGE}}},
            "spec.services[a]",
            "a stack has no image",
        ),
        (service(stack={}), "spec.services[web]", "stack and stackRef need type: stack"),
        ({"services": {"_": IMAGE}}, "spec.services", "'_' needs a letter or digit"),
        ({"services": {"x" * 64: IMAGE}}, "spec.services", "must have 1 to 63 characters"),
        (
            service(environment={"AILTIRE_PARENT": "x"}),
            "spec.services[web].environment",
            "'AILTIRE_PARENT' is reserved",
        ),
        (
            service(environment={"A=B": "x"}),
            "spec.services[web].environment",
            "'A=B' is not the name of an environment variable",
        ),
        (service(environment={"A": 1.5}), "spec.services.web.environment.A", "must be of type integer,string"),
        (service(environmentFrom=[{}]), "spec.services[web].environmentFrom[0]", "exactly one of secret and configMap"),
        (
            service(environmentValuesFrom={"A": {"secret": "a", "configMap": "a", "key": "a"}}),
            "spec.services[web].environmentValuesFrom[A]",
            "exactly one of secret and configMap",
        ),
        (service(ports={"80": {"port": 80}}), "spec.services[web].ports", "'80' is not the name of a port"),
        (service(ports={"http": {"port": 65536}}), "spec.services.web.ports.http.port", "less than or equal to 65535"),
        (
            service(interface={"/a;b": {}}),
            "spec.services[web].interface",
            "'/a;b' must be a path like /web or a label",
        ),
        (service(interface={"/a": {"path": "/x y"}}), "spec.services.web.interface./a.path", "should match"),
        (service(labels={"app.kubernetes.io/name": "x"}), "spec.services[web].labels", "is reserved for Kubernetes"),
        (
            service(annotations={"network.ailtire.io/x": "x"}),
            "spec.services[web].annotations",
            "is reserved for Kubernetes",
        ),
        (
            service(healthcheck={"http": "/", "tcp": True}),
            "spec.services[web].healthcheck",
            "exactly one of test, http and tcp",
        ),
        (
            service(healthcheck={"http": "/", "interval": "10"}),
            "spec.services.web.healthcheck.interval",
            "should match",
        ),
        (
            service(volumes={"a": {"target": "/a", "size": "x"}}),
            "spec.services[web].volumes[a].size",
            "must be a quantity",
        ),
        (service(user="root"), "spec.services.web.user", "should match"),
        (
            service(policies={"scaling": {"min": 3, "max": 2}}),
            "spec.services[web].policies.scaling",
            "min is above max",
        ),
        (
            service(deploy={"resources": {"limits": {"cpu": "500m"}, "reservations": {"cpu": 1}}}),
            "spec.services[web].deploy.resources",
            "reservations.cpu is above limits.cpu",
        ),
        (
            service(deploy={"resources": {"limits": {"cpu": -1}}}),
            "spec.services[web].deploy.resources.limits.cpu",
            "quantity",
        ),
        ({"services": {"a": {"type": "stack", "stack": {"place": {}}}}}, "spec.services[a].stack", "cannot have place"),
        (
            {"services": {"a": {"type": "stack", "stack": {"templateOnly": True}}}},
            "spec.services[a].stack",
            "cannot have templateOnly",
        ),
        (
            {"services": {"a": {"type": "stack", "stack": {"template": True}}}},
            "spec.services[a].stack",
            "cannot have template",
        ),
        ({"templateOnly": True, "template": False}, "spec", "template is the former name of templateOnly"),
        ({"templateOnly": False, "template": True}, "spec", "template is the former name of templateOnly"),
        (
            {"services": {"a": {"type": "stack", "stack": {"suspend": 1}}}},
            "spec.services.a.stack.suspend",
            "of type boolean",
        ),
        ({"data": {"a": {"size": "0"}}}, "spec.data[a].size", "must be above 0"),
        ({"edge": {"kind": "HTTPRoute"}}, "spec.edge", "an HTTPRoute needs parentRef"),
        (
            {"edge": {"annotations": {"a b": "x"}}},
            "spec.edge.annotations",
            "'a b' is not a qualified name",
        ),
        ({"interface": {"ports": {"65536": 3000}}}, "spec.interface.ports", "from 1 to 65535"),
        ({"interface": {"ports": {"http": 3000}}}, "spec.interface.ports", "'http' is not the number of a port"),
        (service(deploy={"mode": "global", "replicas": 1}), "spec.services[web].deploy", "replicas cannot be set"),
        (
            service(deploy={"mode": "replicatedJob", "restartPolicy": {"condition": "any"}}),
            "spec.services[web].deploy",
            "must be onFailure or none",
        ),
        (
            service(deploy={"placement": {"constraints": ["disk == ssd"]}}),
            "spec.services.web.deploy.placement.constraints[0]",
            "should match",
        ),
        (service(capAdd=["net_admin"]), "spec.services.web.capAdd[0]", "should match"),
        (service(sysctls={"A": 1}), "spec.services[web].sysctls", "'A' is not the name of a kernel parameter"),
        (service(extraHosts={"a b": ["10.0.0.1"]}), "spec.services[web].extraHosts", "'a b' is not a host's name"),
        (service(tmpfs={"run": {}}), "spec.services[web].tmpfs", "'run' is not an absolute path"),
        (service(configs={"a": {"mode": 512}}), "spec.services.web.configs.a.mode", "less than or equal to 511"),
        (
            service(volumes={"a": {"target": "/a", "source": "/b", "image": "c"}}),
            "spec.services[web].volumes[a]",
            "at most one of source and image",
        ),
        ({"configs": {"a": {}}}, "spec.configs[a]", "exactly one of content, binaryContent and configMap"),
        ({"secrets": {"a": {"key": "x"}}}, "spec.secrets.a.secret", "Required value"),
        ({"data": {"a": {"claim": "b", "perReplica": True}}}, "spec.data[a]", "at most one of claim, nfs"),
        ({"unknown": 1}, "spec.unknown", "unknown field"),
        (service(cgroup="x"), "spec.services.web.cgroup", "unknown field"),
    ],
)
def test_what_is_wrong_is_refused_with_its_path(api: Api, spec: Any, path: str, complaint: str) -> None:
    message = refusal(api, spec)
    assert message is not None
    assert path in message
    assert complaint in message
    with pytest.raises(ValidationError):
        StackSpec.written(spec)


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("a--b", "must not contain '--'"),
        ("1a", "the first a letter"),
        ("a.b", "a-z, 0-9 and -"),
        ("a" * 64, "at most 63"),
    ],
)
def test_a_name_that_cannot_be_a_dns_name_is_refused(api: Api, name: str, complaint: str) -> None:
    message = refusal(api, {}, name)
    assert message is not None
    assert f"metadata.name {complaint}" in message or complaint in message


def test_a_name_of_63_characters_is_taken(api: Api) -> None:
    assert refusal(api, {}, "a" * 63) is None


def test_the_largest_stack_is_taken(installed: ControlPlane, api: Api) -> None:
    """The bounds are such that CEL's budget, estimated and spent, suffices for what they allow."""
    variables = {f"V{number}": "x" for number in range(200)}
    members = {f"s{number}": {"image": "a", "environment": variables} for number in range(500)}
    text = json.dumps(resource({"services": members}))
    installed.kubectl("create", "--dry-run=server", "-n", "default", "-f", "-", stdin=text)
    message = refusal(api, {"services": {f"s{number}": {"image": "a"} for number in range(501)}})
    assert message is not None
    assert "spec.services: Too many" in message


def test_server_side_apply_may_empty_what_it_filled(installed: ControlPlane, namespace: str) -> None:
    """It makes null of a map that loses its last entry, which has to be as good as the empty map that was meant."""
    full = service(
        environment={"A": "1"},
        networks={"siblings": {"aliases": ["a"]}},
        interface={"/": {"port": 1}},
    )
    bare = service(environment={}, networks={"siblings": {}}, interface={"/": {}})
    stages: list[dict[str, Any]] = [full | {"data": {"x": {"size": 1}}}, bare | {"data": {"x": {}}}, {"services": {}}]
    for spec in stages:
        text = json.dumps(resource(spec))
        installed.kubectl("apply", "--server-side", "-n", namespace, "-f", "-", stdin=text)
        stored = json.loads(installed.kubectl("get", "ats", "x", "-n", namespace, "-o", "json"))["spec"]
        assert StackSpec.written(stored) == StackSpec.written(spec)


@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(drawn=stack_specs())
def test_the_model_and_the_server_agree(api: Api, drawn: Any) -> None:
    spec = as_json(drawn)
    try:
        StackSpec.written(spec)
        complaint = None
    except ValidationError as error:
        complaint = str(error)
    answer = refusal(api, spec)
    event("taken" if answer is None else "refused")
    assert (complaint is None) == (answer is None), f"model: {complaint}\nserver: {answer}"


def test_a_stack_that_no_operator_has_seen_is_not_taken_for_one_that_is_as_wanted(api: Api) -> None:
    """kstatus, and so Flux and Helm, takes a resource without a status for one that is."""
    path = STACKS.format("default").partition("?")[0]
    try:
        api.create(path, resource(service(), "unseen"))
        assert api.get(f"{path}/unseen")["status"] == {"observedGeneration": -1}
    finally:
        api.delete(f"{path}/unseen")
