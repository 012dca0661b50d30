"""Bugs planted in the operator from outside, each of which the suite must find: on its way, or in its process.

None of them depends on the operator's code: the proxy swallows, changes and adds requests as a bug would, and a
``sitecustomize`` does what a process should not.
"""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from faults.injections import Response, late
from faults.journal import Entry
from faults.lane import UNLABELLED, Lane
from faults.oracles import Canaries
from faults.plans.plan import Plan, always
from faults.proxy import Exchange, Fault, Rule
from faults.runner import Learned, attempt, create_secret
from faults.story import SECRET_VALUE
from lab import ControlPlane
from lab.api import Api
from lab.paths import ROOT
from lab.waiting import eventually

LIMIT_SECONDS = 25.0
"""A bug that is not found by then does no harm that the suite would see."""
NO_BUG_SECONDS = 120.0
_MANY = 10**6
_LATE_SECONDS = 4.0
"""Longer than a new stack is without a status."""


@dataclass(frozen=True)
class Bug:
    """One bug, the steps of the story in which it shows, and what must be said of it."""

    name: str
    says: str
    """Part of what the suite has to say."""
    rules: Callable[[Lane], list[Rule]] = field(default=lambda lane: [])
    act: Callable[[Lane], None] = field(default=lambda lane: None)
    environment: Mapping[str, str] = field(default_factory=dict)
    replicas: int = 1
    step: int = 1
    """The step with the bug; those before it run without."""


def bugs() -> list[Bug]:
    """All of them."""
    deployments, network_policies, config_maps = _writes("Deployment"), _writes("NetworkPolicy"), _writes("ConfigMap")
    restarted = "kubectl.kubernetes.io/restartedAt"
    return [
        Bug("a NetworkPolicy is not created", "is missing", _rule(network_policies, _swallow)),
        Bug("an edit is not carried out", "is 'docker.io/library/web:1'", _rule(deployments, _swallow), step=2),
        Bug("what is removed is not deleted", "should not be there", _rule(_deletes, _swallow), step=6),
        Bug("an edit rolls out for no reason", restarted, _rule(deployments, _roll_out), step=2),
        Bug("an object is deleted and created again", "1 times too often", _rule(config_maps, _create_again, 1)),
        Bug("Ready before anything is there", "Ready, while", _early),
        Bug("a status that is never written", ".status", _rule(_status, _swallow)),
        Bug("writes that never end", "it still writes", act=_write_on),
        Bug("a foreign object is changed", "which is nobody's", act=_change_canary),
        Bug("a foreign object is deleted", "which is nobody's", act=_delete_canary),
        Bug("a secret in a status", "can be read in a status", _rule(_status, _show_secret)),
        _in_the_process("a token in the log", "can be read in the log", "show credentials"),
        _in_the_process("a process that ends by itself", "ended by itself with code 3", "end"),
        _in_the_process("memory without bounds", "MiB", "hold memory"),
        _in_the_process("an error that nobody has foreseen", "log: Traceback", "raise"),
        Bug("two that both lead", "held the lease", environment={_ELECTION: "false"}, replicas=2),
    ]


def controls() -> list[Bug]:
    """The same ways, without a bug: nothing may be said of them."""
    return [
        Bug("no bug", ""),
        Bug("no bug in an edit", "", step=2),
        Bug("no bug in two replicas", "", replicas=2),
    ]


def findings(plane: ControlPlane, learned: Learned, bug: Bug, name: str) -> list[str]:
    """What the suite says of the story with this bug, until the first step of which it says something."""
    limit = LIMIT_SECONDS if bug.says else NO_BUG_SECONDS
    plan = Plan("planted", bug.name, "everywhere", bug.rules, act=bug.act, fired=always, limit=limit)
    nothing = Plan("planted", "nothing", "nowhere", fired=always, limit=NO_BUG_SECONDS)
    with Lane(plane, name, replicas=bug.replicas, environment=bug.environment) as lane:
        create_secret(lane)
        canaries = Canaries(lane, learned.samples.values())
        lane.start()
        for number in range(1, bug.step + 1):
            outcome = attempt(lane, number, plan if number == bug.step else nothing, learned.references[number - 1])
            if outcome.wrong:
                break
        return outcome.wrong + canaries.changed()


_ELECTION = "AILTIRE_OPERATOR_LEADER_ELECTION"


def _in_the_process(name: str, says: str, what: str) -> Bug:
    """A bug of the process itself, for which the step waits: it may be at its end within a second."""
    environment = {"PYTHONPATH": f"{ROOT / 'tests' / 'data' / 'planted'}:{ROOT / 'operator'}", "PLANTED": what}
    return Bug(name, says, environment=environment, act=lambda lane: _until_it_has_shown(lane, what))


def _until_it_has_shown(lane: Lane, what: str) -> None:
    beginnings = [0] * len(lane.replicas)
    eventually(lambda: f"planted: {what}" in lane.logged_since(beginnings), 60, f"the planted bug: {what}")


def _rule(matches: Callable[[Entry], bool], fault: Fault, times: int = _MANY) -> Callable[[Lane], list[Rule]]:
    return lambda lane: [Rule("planted", matches, fault, times=times)]


def _early(lane: Lane) -> list[Rule]:
    """Ready with the first status, for which there is time as a workload comes late."""
    return [
        *_rule(_status, _always_ready)(lane),
        *_rule(_writes("Deployment"), late(_LATE_SECONDS, after=False))(lane),
    ]


def _writes(kind: str) -> Callable[[Entry], bool]:
    return lambda entry: entry.writes and entry.kind == kind and not entry.subresource


def _deletes(entry: Entry) -> bool:
    return entry.writes and entry.verb == "delete"


def _status(entry: Entry) -> bool:
    return entry.writes and entry.subresource == "status"


async def _swallow(exchange: Exchange) -> Response:
    """The operator believes that it has written."""
    return await exchange.respond(await exchange.send(dry_run=True))


async def _roll_out(exchange: Exchange) -> Response:
    """A template that is new each time."""
    body = json.loads(exchange.body)
    annotations = body["spec"]["template"].setdefault("metadata", {}).setdefault("annotations", {})
    annotations["kubectl.kubernetes.io/restartedAt"] = str(exchange.entry.number)
    return await exchange.respond(await exchange.send(json.dumps(body).encode()))


async def _create_again(exchange: Exchange) -> Response:
    first = await exchange.send()
    if first.status == 201:
        await exchange.also("DELETE")
        await exchange.also(exchange.entry.method)
    return await exchange.respond(first)


async def _always_ready(exchange: Exchange) -> Response:
    def ready(status: dict[str, Any]) -> None:
        for condition in status.get("conditions") or ():
            if condition["type"] == "Ready":
                condition |= {"status": "True", "reason": "Ready"}

    return await _with_status(exchange, ready)


async def _show_secret(exchange: Exchange) -> Response:
    def show(status: dict[str, Any]) -> None:
        for condition in status.get("conditions") or ():
            condition["message"] = f"{condition['message']} {SECRET_VALUE}"

    return await _with_status(exchange, show)


async def _with_status(exchange: Exchange, change: Callable[[dict[str, Any]], None]) -> Response:
    body = json.loads(exchange.body)
    change(body.get("status") or {})
    return await exchange.respond(await exchange.send(json.dumps(body).encode()))


def _write_on(lane: Lane) -> None:
    """Write what is there already, again and again."""
    path = f"/api/v1/namespaces/{lane.namespace}/configmaps/again"

    def write() -> None:
        while not lane.stopped.wait(0.05):
            _as_operator(lane).apply(path, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "again"}})

    threading.Thread(target=write, daemon=True).start()


def _change_canary(lane: Lane) -> None:
    _as_operator(lane).merge(_canary(lane), {"metadata": {"labels": {"of": "the-operator"}}})


def _delete_canary(lane: Lane) -> None:
    _as_operator(lane).delete(_canary(lane))


def _canary(lane: Lane) -> str:
    return f"/api/v1/namespaces/{lane.namespace}{UNLABELLED}/services/shop-web"


def _as_operator(lane: Lane) -> Api:
    """The operator's own way: its proxy, and its rights."""
    return Api(lane.replicas[0].proxy.url, lane.replicas[0].token, lane.plane.ca)
