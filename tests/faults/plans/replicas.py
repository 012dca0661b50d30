"""Faults of two operators of which one leads: the leader ends, freezes, is cut off, or loses its lease."""

from collections.abc import Callable, Iterator

from ailtire_operator import naming
from ailtire_operator.cluster.kinds import LEASE
from faults import injections
from faults.lane import Lane
from faults.plans.plan import Plan, always, nothing
from faults.proxy import Fault, Rule
from lab.api import Refused
from lab.paths import ROOT
from lab.waiting import eventually

LEASE_SECONDS = 15.0
"""How long a leader that says nothing any more keeps the lease (``cluster.lease.Timing``)."""
HELD = LEASE_SECONDS + 5.0
"""Seconds after which another replica leads, whatever the one before does."""
_MANY = 10**6
_CLOCK = ROOT / "tests" / "data" / "moved_clock"
_QUARTER_OF_AN_HOUR = 900


def of_replicas() -> Iterator[Plan]:
    """What may become of a leader while it works."""
    acts: dict[str, Callable[[Lane], None]] = {
        "the leader is killed": lambda lane: lane.leader.kill(),
        "the leader is asked to stop": lambda lane: lane.leader.terminate(),
        "the leader is frozen": lambda lane: lane.leader.freeze(HELD),
        "both are killed at once": lambda lane: lane.kill(),
        "the lease is deleted": delete_lease,
        "the lease is stolen": _steal_lease,
    }
    for name, act in acts.items():
        yield Plan("replicas", name, "after the edit", act=act, fired=always)
    cut = injections.cuts(after=False)
    yield Plan("replicas", "the leader is cut off", "all requests", _of_leader(cut), heal=nothing, held=HELD)
    hang = injections.late(injections.LONG_SECONDS, after=False)
    yield Plan("replicas", "renewals hang", "the lease", _of_leader(hang, LEASE.kind), heal=nothing, held=HELD)
    lost = injections.cuts(after=True)
    yield Plan("replicas", "renewals are not answered", "the lease", _of_leader(lost, LEASE.kind), heal=nothing)
    for seconds in (_QUARTER_OF_AN_HOUR, -_QUARTER_OF_AN_HOUR):
        name = f"a clock {abs(seconds) // 60} minutes {'ahead' if seconds > 0 else 'behind'}"
        yield Plan("replicas", name, "of the one that leads next", act=_with_clock(seconds), fired=always)


def _of_leader(fault: Fault, kind: str = "") -> Callable[[Lane], list[Rule]]:
    def rules(lane: Lane) -> list[Rule]:
        leader = lane.leader.number
        matches = Rule("leader", lambda entry: entry.replica == leader and kind in ("", entry.kind), fault, times=_MANY)
        if not kind:
            lane.leader.proxy.cut_all()
        return [matches]

    return rules


def _path(lane: Lane) -> str:
    return LEASE.path(lane.namespace, naming.LEASE_NAME)


def delete_lease(lane: Lane) -> None:
    """Somebody deletes the lease, whoever holds it."""
    lane.plane.api.remove(_path(lane))


def _steal_lease(lane: Lane) -> None:
    """Somebody else writes himself into it, and never renews it; the fault before may have deleted it."""

    def stolen() -> bool:
        try:
            lane.plane.api.merge(_path(lane), {"spec": {"holderIdentity": "somebody-else"}})
        except Refused as error:
            if error.code != 404:
                raise
            return False
        return True

    eventually(stolen, 2 * LEASE_SECONDS, "a lease to steal")


def _with_clock(seconds: int) -> Callable[[Lane], None]:
    """The other replica is started anew with a clock that is wrong, and then has to lead."""

    def act(lane: Lane) -> None:
        leader = lane.leader
        other = next(each for each in lane.replicas if each is not leader)
        other.kill()
        right = dict(other.environment)
        other.environment |= {"PYTHONPATH": f"{_CLOCK}:{ROOT / 'operator'}", "MOVED_CLOCK_SECONDS": str(seconds)}
        other.start()
        other.environment = right
        leader.kill()

    return act
