"""Whatever enforces NetworkPolicies here does it as their API says: the yardstick before it measures anything of ours.

Where the network plugin enforces none (``kindlab.enforcing``) that is a few rules of the lab's own, so this is where
they have to show that they are right; where it does, the same is asked of the plugin.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from e2e import segments
from e2e.applying import apply, ready
from e2e.conftest import Lab, fresh_namespace
from e2e.objects import container, pod
from kindlab import kube
from kindlab.enforcing import Enforcement, enforced
from lab.waiting import eventually

NEAR, SAME, FAR = "near", "same", "far"
"""Callers: in the target's namespace, there with the target's own labels, and in another namespace."""
BOTH = {3000, 9000}
_ME = {"podSelector": {"matchLabels": {"app": "target"}}}
_PORT = {"ports": [{"port": 9000}]}


def _from(**peer: Any) -> dict[str, Any]:
    return {"from": [peer]}


def _pods(**labels: str) -> dict[str, Any]:
    return {"podSelector": {"matchLabels": labels}}


def _into(*rules: dict[str, Any]) -> dict[str, Any]:
    return {**_ME, "policyTypes": ["Ingress"], "ingress": list(rules)}


_IN_FAR = {"namespaceSelector": {"matchLabels": {"whose": "others"}}}
_NOT_SAME = {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["target"]}]}
_MOST = {"cidr": "0.0.0.0/0", "except": ["10.244.0.0/16"]}
CASES: dict[str, tuple[dict[str, Any] | None, dict[str, set[int]]]] = {
    # the policy of the target, and the ports that each caller reaches
    "nothing said": (None, {NEAR: BOTH, SAME: BOTH, FAR: BOTH}),
    "nobody": (_into(), {}),
    "everybody": (_into({}), {NEAR: BOTH, SAME: BOTH, FAR: BOTH}),
    "of another pod": ({**_pods(app="else"), "ingress": []}, {NEAR: BOTH, SAME: BOTH, FAR: BOTH}),
    "by label": (_into(_from(**_pods(app="near"))), {NEAR: BOTH}),
    "all of the namespace": (_into(_from(podSelector={})), {NEAR: BOTH, SAME: BOTH}),
    "by expression": (_into(_from(podSelector=_NOT_SAME)), {NEAR: BOTH}),
    "another namespace": (_into(_from(**_IN_FAR)), {FAR: BOTH}),
    "who is there and called so": (_into(_from(**_IN_FAR, **_pods(app="far"))), {FAR: BOTH}),
    "who is there and is called otherwise": (_into(_from(**_IN_FAR, **_pods(app="near"))), {}),
    "a port": (_into(_PORT), {NEAR: {9000}, SAME: {9000}, FAR: {9000}}),
    "a port by name": (_into({**_from(podSelector={}), "ports": [{"port": "main"}]}), {NEAR: {3000}, SAME: {3000}}),
    "a range of ports": (
        _into({"ports": [{"port": 8000, "endPort": 9000}]}),
        {NEAR: {9000}, SAME: {9000}, FAR: {9000}},
    ),
    "another protocol": (_into({"ports": [{"port": 3000, "protocol": "UDP"}]}), {}),
    "rules add up": (_into({**_from(**_pods(app="near")), **_PORT}, _from(**_IN_FAR)), {NEAR: {9000}, FAR: BOTH}),
    "addresses": (_into(_from(ipBlock={"cidr": "10.244.0.0/16"})), {NEAR: BOTH, SAME: BOTH, FAR: BOTH}),
    "all addresses but ours": (_into(_from(ipBlock=_MOST)), {}),
    "nothing goes out": ({**_pods(app="near"), "policyTypes": ["Egress"]}, {SAME: BOTH, FAR: BOTH}),
    "out to a port": (
        {**_pods(app="near"), "policyTypes": ["Egress"], "egress": [{"to": [_ME], **_PORT}]},
        {NEAR: {9000}, SAME: BOTH, FAR: BOTH},
    ),
    "out to a port by name": (
        {**_pods(app="near"), "policyTypes": ["Egress"], "egress": [{"ports": [{"port": "main"}]}]},
        {NEAR: {3000}, SAME: BOTH, FAR: BOTH},
    ),
}


@dataclass(frozen=True)
class _Ground:
    namespace: str
    callers: dict[str, segments.Place]
    target: str
    enforcement: Enforcement

    def reached(self) -> dict[str, set[int]]:
        made = segments.calls(self.callers.values(), {f"{self.target}/{port}" for port in BOTH})
        found: dict[str, set[int]] = {}
        for caller, target in made:
            found.setdefault(caller.path.removeprefix("pod/"), set()).add(int(target.partition("/")[2]))
        return found


@pytest.fixture(scope="module")
def ground(lab: Lab) -> Iterator[_Ground]:
    with ExitStack() as stack:
        near, far = (stack.enter_context(fresh_namespace()) for _ in range(2))
        kube.kubectl("label", "namespace", far, "whose=others")
        listens = [{"name": "PROBE_PORTS", "value": "3000,9000"}]
        probe = container(lab.images.probe, env=listens, ports=[{"name": "main", "containerPort": 3000}])
        twin = pod(SAME, probe)
        twin["metadata"]["labels"] = {"app": "target"}
        apply(near, pod("target", probe), pod(NEAR, probe), twin)
        apply(far, pod(FAR, probe))
        ready(near, *(f"pod/{name}" for name in ("target", NEAR, SAME)))
        ready(far, f"pod/{FAR}")
        found = {each.path.removeprefix("pod/"): each for each in [*segments.places(near), *segments.places(far)]}
        target = found.pop("target").address
        yield _Ground(near, found, target, stack.enter_context(enforced([near, far])))


@pytest.mark.parametrize("case", CASES)
def test_a_policy_opens_what_it_says_and_nothing_else(ground: _Ground, case: str) -> None:
    spec, expected = CASES[case]
    if spec is None:
        kube.kubectl("delete", "networkpolicies", "--all", "-n", ground.namespace)
    else:
        policy = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "case"}}
        apply(ground.namespace, {**policy, "spec": spec})
    ground.enforcement.refresh()
    eventually(lambda: ground.reached() == expected, seconds=120, what=f"{case}: {expected}")
