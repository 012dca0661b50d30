"""The operator's rights are those that it uses, no more and no less: its audit log against its roles.

It gets a control plane of its own, on which everything happens to it that asks for a right: objects of others in the
way of every kind, workloads that make no pods, changes, removals.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import yaml

from ailtire_operator import naming
from ailtire_operator.cluster.kinds import CONTROLLER_REVISION, HTTP_ROUTE, KINDS, OWNED_KINDS, STACK
from ailtire_operator.model.loading import parse_stack
from ailtire_operator.model.settings import Settings
from ailtire_operator.plan.build import plan
from ailtire_operator.plan.types import Manifest, Observed
from ailtire_operator.plan.workload.failed_updates import last_good
from lab import Audit, ControlPlane, Operator, eventually, sessions
from lab.audit import OPERATOR, Request
from lab.components import DNS_ADDRESS
from lab.paths import ROOT
from support.definitions.stacks import full_spec

NAMESPACE = "rights"
ROUTED = {
    "services": {"web": {"image": "web:1", "user": "1000", "interface": {"/": {}}}},
    "edge": {"kind": "HTTPRoute", "parentRef": {"name": "outside"}},
    "gateway": {"tree": True},
}
STUB = f"""
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: {HTTP_ROUTE.plural}.{HTTP_ROUTE.group}
  annotations: {{api-approved.kubernetes.io: "unapproved, a stand-in for tests"}}
spec:
  group: {HTTP_ROUTE.group}
  scope: Namespaced
  names: {{kind: {HTTP_ROUTE.kind}, plural: {HTTP_ROUTE.plural}}}
  versions:
    - name: {HTTP_ROUTE.version}
      served: true
      storage: true
      schema: {{openAPIV3Schema: {{type: object, x-kubernetes-preserve-unknown-fields: true}}}}
"""
LATER = ("EndpointSlice", "HorizontalPodAutoscaler")
"""Written only once the Services have addresses, and only once all else is there."""
Right = tuple[str, str]
"""A verb, and a resource: ``patch``, ``deployments.apps``."""
RARE = ("get", f"{STACK.plural}.{STACK.group}")
"""Stacks are all watched, so it takes a write between the last event and ours for a conflict that asks for a look."""


@pytest.fixture(scope="module")
def plane() -> Iterator[ControlPlane]:
    with sessions.started(ControlPlane(sessions.new_home("rights"), nodes=1)) as plane:
        yield plane


def definitions() -> dict[str, dict[str, Any]]:
    """The specs of two stacks that need every kind between them, with something of each that can be removed."""
    shop = full_spec()
    shop["data"]["spare"] = {"size": "1Gi"}
    update = {"failureAction": "rollback"}
    shop["services"]["agent"] = {"image": "a:1", "user": "1000", "deploy": {"mode": "global", "updateConfig": update}}
    shop["services"]["once"] = {"image": "once:1", "user": "1000", "deploy": {"mode": "globalJob"}}
    return {"shop": shop, "routed": ROUTED}


def in_the_way() -> list[Manifest]:
    """Objects of somebody else under the names that the two stacks' objects will have."""
    found: list[Manifest] = []
    for name, spec in definitions().items():
        stack = parse_stack({"metadata": {"name": name, "namespace": NAMESPACE, "uid": "x"}, "spec": spec})
        members = {naming.member(name, key): ("10.0.0.9",) for key in stack.spec.services}
        made = plan(stack, Settings(nameservers=[DNS_ADDRESS]), Observed(addresses=members, http_routes=True))
        found += made.objects
        for service in made.services.values():
            if service.on_failure:
                workload = next(each for each in made.objects if each["metadata"]["name"] == service.name)
                workload = {**workload, "spec": {"template": {}}}
                found.append(last_good(name, service.key, workload, service.template_hash, 1))
    for manifest in found:
        # Not none at all: the API server gives a Job without labels those of its pods, ours among them.
        manifest["metadata"]["labels"] = {"example.com/owner": "somebody"}
        manifest.get("spec", {}).pop("place", None)
    return found


def pending(manifests: list[Manifest], requests: list[Request]) -> set[str]:
    """The objects in the way that the operator is yet to look at."""
    seen = {(each.resource, each.name) for each in requests if each.verb == "get"}
    return {
        f"{each['kind']}/{each['metadata']['name']}"
        for each in manifests
        if (_resource(each), each["metadata"]["name"]) not in seen
    }


def _resource(manifest: Manifest) -> str:
    kind = KINDS[manifest["kind"]]
    return ".".join(filter(None, (kind.plural, kind.group)))


def granted() -> set[Right]:
    """What the roles say."""
    found = set()
    for document in yaml.safe_load_all((ROOT / "manifests" / "base" / "roles-operator.yaml").read_text()):
        for rule in document.get("rules", ()):
            for resource in rule["resources"]:
                plural, slash, subresource = resource.partition("/")
                full = ".".join(filter(None, (plural, *rule["apiGroups"]))) + slash + subresource
                found |= {(verb, full) for verb in rule["verbs"]}
    return found


def used(requests: list[Request]) -> set[Right]:
    """What was asked for; to apply what is not there yet takes the right to create it too."""
    found = set()
    for each in requests:
        if each.resource:
            resource = "/".join(filter(None, (each.resource, each.subresource)))
            found |= {(each.verb, resource)} | (
                {("create", resource)} if (each.verb, each.code) == ("patch", 201) else set()
            )
    return found


def _stacks(plane: ControlPlane) -> set[str]:
    return {each["metadata"]["name"] for each in plane.api.get(STACK.path(NAMESPACE))["items"]}


class Story:
    """One operator's life, in chapters."""

    def __init__(self, plane: ControlPlane) -> None:
        self.plane = plane
        self.audit = Audit(plane)
        self.operator = Operator(plane)
        self._read_until = self.audit.mark()
        self._requests: list[Request] = []

    @property
    def requests(self) -> list[Request]:
        """The operator's so far; of the log only what is new is read, as this is asked all the time."""
        end = self.audit.mark()
        found = self.audit.requests(self._read_until, end)
        self._requests += [each for each in found if each.user == OPERATOR]
        self._read_until = end
        return self._requests

    def apply(self, *manifests: Any) -> None:
        text = "\n---\n".join(json.dumps(each) for each in manifests)
        self.plane.kubectl("apply", "--server-side", "--force-conflicts", "-n", NAMESPACE, "-f", "-", stdin=text)

    def delete(self, manifests: list[Manifest]) -> None:
        text = "\n---\n".join(json.dumps(each) for each in manifests)
        self.plane.kubectl("delete", "-n", NAMESPACE, "-f", "-", "--ignore-not-found", stdin=text)

    def declare(self, specs: dict[str, dict[str, Any]]) -> None:
        head = {"apiVersion": naming.API_VERSION, "kind": naming.KIND}
        self.apply(*({**head, "metadata": {"name": name}, "spec": spec} for name, spec in specs.items()))

    def begin(self, foreign: list[Manifest]) -> None:
        self.plane.kubectl("apply", "-f", "-", stdin=STUB)
        self.operator.install()
        self.plane.kubectl("create", "namespace", NAMESPACE)
        self.plane.kubectl("create", "quota", "none", "--hard=pods=0", "-n", NAMESPACE)
        self.plane.kubectl("wait", "--for=condition=Established", f"crd/{HTTP_ROUTE.plural}.{HTTP_ROUTE.group}")
        self.apply(*foreign)
        self.operator.start()

    def meet(self, foreign: list[Manifest]) -> None:
        with suppress(AssertionError):
            eventually(lambda: not pending(foreign, self.requests))
        assert pending(foreign, self.requests) == set(), "objects in the way that the operator has not reconciled"


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_what_is_granted_is_what_is_used(plane: ControlPlane) -> None:
    foreign = in_the_way()
    assert {each["kind"] for each in foreign} == {kind.kind for kind in OWNED_KINDS}, "every kind is in the way"
    story = Story(plane)
    story.begin(foreign)
    story.declare(definitions())
    # No workload is looked at before the policies, files and volumes that its pods need are the stack's own.
    workloads = [each for each in foreign if "template" in each.get("spec", {})]
    later = [each for each in foreign if each["kind"] in (*LATER, CONTROLLER_REVISION.kind)]
    first = [each for each in foreign if each not in workloads and each not in later]
    story.meet([each for each in first if each["kind"] != STACK.kind])
    story.delete(first)
    story.meet(workloads)
    story.delete(workloads)
    for kind in LATER:
        story.meet([each for each in foreign if each["kind"] == kind])
        story.delete([each for each in foreign if each["kind"] == kind])
    # Why a workload has no pods, where it does not say so itself, is told by its Events.
    eventually(lambda: ("list", "events") in used(story.requests), what="a look at the Events of what has no pods")
    plane.kubectl("delete", "quota", "none", "-n", NAMESPACE)
    # Written only once a definition has rolled out in full.
    story.meet([each for each in foreign if each["kind"] == CONTROLLER_REVISION.kind])
    story.delete([each for each in foreign if each["kind"] == CONTROLLER_REVISION.kind])
    # What was in the way is somebody else's, so that its end is no news: the next try comes in its own time.
    plane.kubectl("wait", "ats", "--all", "-n", NAMESPACE, "--for=condition=Ready", "--timeout=170s")
    story.declare({"shop": {"appName": "shop"}, "routed": {"appName": "shop"}})
    removed = {_resource(each) for each in foreign} - {f"{STACK.plural}.{STACK.group}"}
    eventually(lambda: {("delete", each) for each in removed} <= used(story.requests), what="the end of everything")
    eventually(lambda: "shop-orders" not in _stacks(plane), what="the child's end")
    story.operator.stop()
    requests = story.requests
    assert [str(each) for each in requests if each.code == 403] == []
    assert used(requests) - granted() == set()
    assert granted() - used(requests) <= {RARE}
