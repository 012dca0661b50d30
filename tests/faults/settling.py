"""Wait until an operator has done its work, and tell what there is then."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ailtire_operator.cluster.kinds import STACK, VOLUME_CLAIM
from faults.lane import Lane
from faults.oracles import unkept
from faults.state import State, differences, objects, state
from faults.story import ROOT, TEMPLATE
from lab.errors import LabError

QUIET_SECONDS = 1.0


def settle(
    lane: Lane,
    expected: State | None,
    limit: float,
    *,
    revisions: bool = True,
    seconds: float = QUIET_SECONDS,
    works: Callable[[], bool] = lambda: True,
) -> tuple[State, list[str]]:
    """Wait until nothing is written and all is as it should be, or the time for that is over.

    ``revisions``: those of the whole tree have to be right, too. ``seconds``: for so long nothing may be written, since
    ``works`` was true. Returns what there is then, and what is to be said of the revisions, and of an operator that
    still writes.
    """
    deadline, quiet, worked = time.monotonic() + limit, False, False
    found, unlike = State(), list[str]()
    while time.monotonic() < deadline:
        lane.start_again()
        worked = works()
        quiet = lane.until_quiet(seconds, 4.0 + seconds) and worked
        try:
            there = objects(lane.plane.api, lane.namespace)
        except LabError:
            continue  # a fault of the servers themselves
        found, unlike = state(there, lane.namespace), unkept(there) if revisions else []
        if quiet and not unlike and (_is_current(found) if expected is None else not differences(expected, found)):
            break
        lane.stopped.wait(0.1)
    if not quiet:
        done = f"writes: {lane.journal.writes()[-1]}" if worked else "does not work"
        unlike.append(f"after {limit:.0f} s it still {done}")
    return found, unlike


def _is_current(found: Mapping[str, Any]) -> bool:
    """Whether every stack that is there, but for the template, has said its last word of its definition.

    Where the root is gone: whether all that goes with it has gone too.
    """
    if f"{STACK.kind}/{ROOT}" not in found:
        return all(key.startswith((f"{VOLUME_CLAIM.kind}/", f"{STACK.kind}/{TEMPLATE}")) for key in found)
    stacks = {key: each for key, each in found.items() if key.startswith(f"{STACK.kind}/")}
    return all(
        each["status"]["current"] and _is_final(each["status"]["conditions"], each["status"]["counts"])
        for key, each in stacks.items()
        if key != f"{STACK.kind}/{TEMPLATE}"
    ) and all(all(each["status"].values()) for key, each in found.items() if key.startswith("Deployment/"))


def _is_final(conditions: Mapping[str, Sequence[str]], counts: Mapping[str, int]) -> bool:
    status, reason, _ = conditions.get("Ready", ("False", "", ""))
    if reason == "TreeRolledBack":  # what ran before has to run again
        return counts["servicesReady"] == counts["servicesWanted"]
    return status == "True" or reason == "RolledBack"
