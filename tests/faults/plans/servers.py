"""Faults of the servers: they end, freeze, forget, and give and take rights. All lanes of a control plane feel them."""

import itertools
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

from faults.lane import Lane
from faults.plans.plan import Plan, always, nothing
from lab import manifests
from lab.controlplane import ANOTHER_APISERVER
from lab.paths import ROOT
from lab.waiting import eventually

_FROZEN_SECONDS = 3.0
_LIMIT_SECONDS = 180.0
_BINDING = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/ailtire-operator"


def of_servers() -> Iterator[Plan]:
    """What may become of etcd, the API server and the controllers of Kubernetes while a tree changes."""
    for program in ("etcd", "kube-apiserver"):
        yield _plan(f"{program} is killed", act=_again(program))
        yield _plan(f"{program} is frozen", act=_freezing(program))
    for program in ("kube-controller-manager", "kube-scheduler", "kwok"):
        away, back = _away(program)
        yield _plan(f"{program} is away", before=away, heal=back)
    yield _plan("the history is compacted", act=_compact)
    yield _plan("the rights are taken away", before=_deny, heal=_grant)
    yield _plan("etcd has no space left", act=_fill, heal=_make_room)
    yield _plan("the definition is applied again", act=_define)
    yield _plan("two API servers in turn", before=_both, heal=_first_alone)
    yield _plan(
        "watches from an API server that is behind", before=_watch_another, act=_freeze_another, heal=_first_alone
    )


def _plan(
    kind: str,
    before: Callable[[Lane], None] = nothing,
    act: Callable[[Lane], None] = nothing,
    heal: Callable[[Lane], None] | None = None,
) -> Plan:
    """A plan that Kubernetes' own controllers and the nodes have to recover from too."""
    where = "after the edit" if heal is None else "for some seconds"
    return Plan(
        "servers", kind, where, before=before, act=act, heal=heal, fired=always, pods_change=True, limit=_LIMIT_SECONDS
    )


def _again(program: str) -> Callable[[Lane], None]:
    return lambda lane: lane.plane.restart(program)


def _freezing(program: str) -> Callable[[Lane], None]:
    def act(lane: Lane) -> None:
        pid = lane.plane.processes[program].pid
        os.kill(pid, signal.SIGSTOP)
        _thaw_later(pid)

    return act


def _thaw_later(pid: int) -> None:
    thawing = threading.Timer(_FROZEN_SECONDS, _thaw, (pid,))
    thawing.daemon = True  # who is interrupted does not wait for it
    thawing.start()


def _thaw(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)


def _away(program: str) -> tuple[Callable[[Lane], None], Callable[[Lane], None]]:
    return lambda lane: lane.plane.kill(program), lambda lane: lane.plane.respawn(program)


def _compact(lane: Lane) -> None:
    """All revisions but the newest are forgotten, and every watch has to be opened anew."""
    lane.plane.compact()
    lane.cut_connections()


def _fill(lane: Lane) -> None:
    """The alarm that etcd raises when its database is as large as it may be: it refuses every write."""
    lane.plane.ask_etcd("maintenance/alarm", {"action": "ACTIVATE", "alarm": "NOSPACE"})


def _make_room(lane: Lane) -> None:
    lane.plane.disarm_etcd()


def _deny(lane: Lane) -> None:
    lane.plane.api.delete(_BINDING)


def _grant(lane: Lane) -> None:
    manifests.install(lane.plane)


def _define(lane: Lane) -> None:
    lane.plane.kubectl("apply", "--server-side", "--force-conflicts", "-f", str(ROOT / "crds" / "ailtirestacks.yaml"))


def _both(lane: Lane) -> None:
    """Each request and each watch goes to the other one of two API servers, as behind a balancer."""
    servers = itertools.cycle((lane.plane.url, lane.plane.start_another_apiserver()))
    lane.route(lambda entry: next(servers))
    lane.cut_connections()


def _watch_another(lane: Lane) -> None:
    """What is read comes from a second API server, what is written goes to the first."""
    another = lane.plane.start_another_apiserver()
    lane.route(lambda entry: another if entry.verb in ("watch", "list") else lane.plane.url)
    watched = {entry.path for entry in lane.journal.entries if entry.verb == "watch"}
    mark = len(lane.journal.entries)
    lane.cut_connections()

    def again() -> bool:
        opened = {entry.path for entry in lane.journal.entries[mark:] if entry.verb == "watch" and entry.status == 200}
        return watched <= opened

    eventually(again, _LIMIT_SECONDS, "all watches opened at the second API server")
    os.kill(lane.plane.processes[ANOTHER_APISERVER].pid, signal.SIGSTOP)


def _freeze_another(lane: Lane) -> None:
    """It was frozen before the edit, so that nobody has heard of that yet; it goes on some seconds later."""
    _thaw_later(lane.plane.processes[ANOTHER_APISERVER].pid)


def _first_alone(lane: Lane) -> None:
    lane.route(None)
    lane.cut_connections()
    lane.plane.kill(ANOTHER_APISERVER)
