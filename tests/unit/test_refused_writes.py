"""Every write of a tree's life is refused once: the operator itself asks for another try, and nothing stays of it.

A law for all kinds at once: a reconcile in which the API server refused anything is never the last one that is due.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ailtire_operator.cluster.errors import ClusterError, from_status
from ailtire_operator.cluster.store import Record
from ailtire_operator.reconcile.planner import Features
from ailtire_operator.reconcile.queue import Outcome
from support.fake_cluster.world import World

CHILD = "shop-orders"
_WEB = {"image": "web:1", "user": "1000", "interface": {"/": {"port": 8080}}}
_GOOD = {"image": "mail:1", "user": "1000", "deploy": {"updateConfig": {"failureAction": "rollback", "monitor": "1s"}}}
_ORDERS = {"type": "stack", "stack": {"services": {"api": {"image": "api:1", "user": "1000"}}}}

_OF_THE_ROOT = {"revisionHistoryLimit": 1, "updatePolicy": {"failureAction": "rollback"}}


def _first() -> dict[str, Any]:
    store = {"image": "store:1", "user": "1000", "volumes": {"data": {"source": "rows", "target": "/data"}}}
    agent = {"image": "agent:1", "user": "1000", "deploy": {"mode": "global"}}
    job = {"image": "job:1", "user": "1000", "deploy": {"mode": "replicatedJob"}}
    scaled = {"image": "api:1", "user": "1000", "policies": {"scaling": {"min": 2, "max": 4, "cpu": 70}}}
    services = {"web": _WEB, "mail": _GOOD, "store": store, "agent": agent, "job": job, "scaled": scaled}
    data = {"rows": {"perReplica": True}, "kept": {}}
    edge = {"className": "example", "hosts": ["shop.example"]}
    return {"services": {**services, "orders": _ORDERS}, "data": data, "edge": edge, **_OF_THE_ROOT}


def _second() -> dict[str, Any]:
    """Of each kind something less, and an HTTPRoute in the place of the Ingress."""
    edge = {"kind": "HTTPRoute", "parentRef": {"name": "example"}, "hosts": ["shop.example"]}
    services = {"web": {**_WEB, "image": "web:2"}, "mail": {**_GOOD, "image": "mail:2"}}
    return {"services": services, "edge": edge, **_OF_THE_ROOT}


def _third() -> dict[str, Any]:
    """Another image: the revision of the definition before goes beyond the limit."""
    spec = _second()
    spec["services"]["web"]["image"] = "web:3"
    return spec


class Refusals(dict[str, ClusterError]):
    """What is refused, by the write; and what was tried."""

    def __init__(self) -> None:
        super().__init__()
        self.tried: list[str] = []

    def get(self, key: str, default: Any = None) -> Any:
        self.tried.append(key)
        return super().get(key, default)


class Life:
    """A root that is made and changed, with a child; each event leads to a reconcile, as the queue would see to it."""

    def __init__(self) -> None:
        self.world = World()
        self.world.features = Features(http_routes=True)
        self.refusals = self.world.cluster.refuses = Refusals()
        self.unfinished: list[str] = []
        """Writes that were refused in a reconcile that counted as done."""
        self.silent: list[str] = []
        """Writes that were refused in a reconcile after which the status does not say so."""

    def step(self, spec: dict[str, Any]) -> None:
        self.world.write(spec)
        self._reconcile(retry_refused=True)
        for _ in range(2):
            self.world.roll_out()
            self.world.time += 60
            self._reconcile(retry_refused=False)

    def again(self) -> None:
        """What the queue does after a pause where a reconcile was not done."""
        for _ in range(2):
            self._reconcile(retry_refused=True)
            self.world.roll_out()
            self.world.time += 60

    def _reconcile(self, *, retry_refused: bool) -> None:
        for name in ("shop", CHILD):
            before = len(self.refusals.tried)
            outcome = self.world.reconcile(name, retry_refused=retry_refused)
            met = [each for each in self.refusals.tried[before:] if each in self.refusals]
            if met and outcome is Outcome.DONE:
                self.unfinished += met
            if met and not self._says(name, [str(self.refusals[each]) for each in met]):
                self.silent += met

    def end(self) -> Any:
        """All that there is, with the statuses but for their times."""
        found = sorted(self.world.store.owned_by("prod", self._record("shop").uid), key=lambda each: each.ref)
        return [each.ref for each in found], self._status("shop"), self.world.cluster.manifests.keys()

    def _says(self, name: str, answers: list[str]) -> bool:
        """Whether the status is of the definition as it is written, and has one of the answers in it."""
        stack = self._record(name)
        status = stack.summary.get("status") or {}
        text = json.dumps(status, default=dict)
        return status.get("observedGeneration") == stack.generation and any(each in text for each in answers)

    def _record(self, name: str) -> Record:
        return next(each for each in self.world.store.of_kind("AiltireStack") if each.ref.name == name)

    def _status(self, name: str) -> Any:
        status = self.world.status(name)
        said = [(each["type"], each["status"], each["reason"], each["message"]) for each in status["conditions"]]
        return sorted(said), status.get("translation"), status.get("blocker")


def _lives() -> Iterator[tuple[str, Callable[[Life], None]]]:
    yield "made", lambda life: life.step(_first())
    yield "changed", lambda life: life.step(_second())
    yield "changed again", lambda life: life.step(_third())


def _lived(refused: str = "", code: int = 0, at: str = "") -> Life:
    """A whole life; ``refused`` is answered with the code while the step ``at`` lasts."""
    life = Life()
    for name, step in _lives():
        if name == at:
            life.refusals[refused] = from_status(code, {"message": f"answered {code}"})
        step(life)
        life.refusals.clear()
        life.again()
    return life


def _writes() -> dict[str, list[str]]:
    """What each step writes, each write once."""
    life, found = Life(), {}
    for name, step in _lives():
        before = len(life.refusals.tried)
        step(life)
        life.again()
        found[name] = sorted(set(life.refusals.tried[before:]))
    return found


_KINDS = {"ControllerRevision", "Ingress", "HTTPRoute", "ConfigMap", "Service", "NetworkPolicy", "Job", "AiltireStack"}


def _kinds(writes: dict[str, list[str]], verb: str) -> set[str]:
    """Of which kinds objects are written in this way."""
    split = [each.split() for found in writes.values() for each in found]
    return {kind for done, kind, *_ in split if done == verb}


@pytest.mark.parametrize("code", [409, 422, 503])
def test_a_write_that_is_refused_is_due_again_and_nothing_stays_of_it(code: int) -> None:
    """One answer of each kind: what passes, what is refused, what has no answer; others become the same errors."""
    expected = _lived()
    writes = _writes()
    assert _kinds(writes, "apply") >= _KINDS
    assert _kinds(writes, "delete") >= {"ControllerRevision", "Ingress", "Job", "AiltireStack"}
    assert _kinds(writes, "annotate") == {"ControllerRevision"}
    assert _kinds(writes, "status") == {"AiltireStack"}
    for step, refused in writes.items():
        for write in refused:
            life = _lived(write, code, step)
            assert life.unfinished == [], f"{write}, answered {code} as the tree is {step}"
            assert life.end() == expected.end(), f"{write}, answered {code} as the tree is {step}"


def _stays_refused(write: str, code: int, at: str) -> Life:
    """A life until the end of a step in which a write is refused from its first try on, and for good."""
    life = Life()
    for name, step in _lives():
        if name == at:
            life.refusals[write] = from_status(code, {"message": f"answered {code}"})
        step(life)
        life.again()
        if name == at:
            break
    return life


@pytest.mark.parametrize("code", [403, 422])
def test_a_write_that_stays_refused_keeps_no_stack_without_a_status_that_says_so(code: int) -> None:
    """Whatever it is, and in the very reconcile in which it is refused."""
    for step, refused in _writes().items():
        for write in refused:
            if not write.startswith("status "):
                life = _stays_refused(write, code, step)
                assert life.silent == [], f"{write}, answered {code} for good as the tree is {step}"
