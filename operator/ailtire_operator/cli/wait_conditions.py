"""What a look at a stack means to somebody who waits for it. Pure: resources in, verdict out.

Only what speaks of the current definition counts: a status of yesterday is neither ready nor failed.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ailtire_operator.cli.trees import (
    Resource,
    State,
    is_observed,
    place_of,
    says_reason,
    services,
    services_of,
    spec_of,
    state_of,
)
from ailtire_operator.cli.wait_outcomes import Outcome, Verdict
from ailtire_operator.cluster.kinds import controller_of
from ailtire_operator.status.conditions import HELD, ROLLED_BACK, TREE_ROLLED_BACK, UNDER_WAY
from ailtire_operator.status.text import listed


def judge_ready(name: str, tree: Sequence[Resource]) -> Verdict:
    """Whether the stack, the first of its tree, is ready. Something final below it is final for it as well."""
    top = tree[0]
    state, reason, message = state_of(top)
    counts = (top.get("status") or {}).get("counts") or {}
    if state is State.SUSPENDED:
        return Verdict(Outcome.SUSPENDED, f"{name} is suspended: {message}")
    if state is State.STOPPED:
        return Verdict(Outcome.STOPPED, f"{name} is stopped: {message}")
    for final in _final_below(name, top, tree):
        return final
    if state is State.READY:
        stopped = Outcome.STOPPED if counts.get("stacksStopped", 0) else Outcome.REACHED
        outcome = Outcome.SUSPENDED if counts.get("stacksSuspended", 0) else stopped
        return Verdict(outcome, f"{name} is ready: {message}")
    if state is State.TEMPLATE:
        return Verdict(Outcome.FAILED, f"{name} is a template: it never runs, so it is never ready")
    if state is State.DELETING:
        return Verdict(Outcome.FAILED, f"{name} is being deleted")
    if state is State.STALLED:
        return Verdict(outcome_of(reason), f"{name} cannot become ready: {_sentence(top, reason, message)}")
    done = f"{counts['services']} services, {counts['stacks']} stacks: " if "services" in counts else ""
    return Verdict(Outcome.WAITING, f"{name}: {done}{_sentence(top, reason, message)}")


def judge_deleted(name: str, left: Mapping[str, int], unseen: Sequence[str] = ()) -> Verdict:
    """Whether the stack and everything below it is gone (``left``: how many objects of each kind are not).

    ``unseen`` are the kinds that may not be listed, of which nothing is known.
    """
    if not any(left.values()):
        besides = f" (but {listed(unseen)}, which may not be listed)" if unseen else ""
        return Verdict(Outcome.REACHED, f"{name} is gone with everything below it{besides}")
    parts = ", ".join(f"{count} {kind}" for kind, count in left.items() if count)
    return Verdict(Outcome.WAITING, f"{name}: still there: {parts}")


def subtree(top: Resource, tree: Sequence[Resource]) -> list[Resource]:
    """The stack and what it owns, and what that owns, of a list that may hold more; parents first."""
    owned: dict[str, list[Resource]] = {}
    for resource in tree:
        owner = controller_of(resource)
        if owner is not None:
            owned.setdefault(owner["uid"], []).append(resource)
    found = [top]
    for resource in found:
        found += owned.get(resource["metadata"]["uid"], ())
    return found


def judge_service(path: str, stack: Resource, key: str) -> Verdict:
    """Whether one service of a stack is ready in the stack's current definition."""
    state, reason, message = state_of(stack)
    if state is State.SUSPENDED:
        return Verdict(Outcome.SUSPENDED, f"{path}: {message}")
    if state is State.DELETING:
        return Verdict(Outcome.FAILED, f"{path}: its stack is being deleted")
    found = next((each for each in services(stack) if each.key == key), None)
    if found is None or not is_observed(stack):
        outcome = outcome_of(reason) if state is State.STALLED else Outcome.WAITING
        return Verdict(outcome, f"{path}: {_sentence(stack, reason, message)}")
    if found.state is State.STOPPED and (state is State.STOPPED or _is_stopped(stack, key)):
        return Verdict(Outcome.STOPPED, f"{path} is stopped")
    if found.ok:
        return Verdict(Outcome.REACHED, f"{path} is ready: {found.count}")
    outcome = outcome_of(found.reason) if found.reason in HELD else Outcome.WAITING
    return Verdict(outcome, f"{path}: {found.count}: {': '.join(filter(None, (found.reason, found.message)))}")


def _is_stopped(stack: Resource, key: str) -> bool:
    """Whether the service is stopped, and not only scaled to zero."""
    written = [spec_of(stack), place_of(stack), services_of(stack).get(key) or {}]
    return any(each.get("stopped") is True for each in written)


def outcome_of(reason: str) -> Outcome:
    """What the reason for which a stack is stalled means to who waits."""
    return Outcome.ROLLED_BACK if reason in (ROLLED_BACK, TREE_ROLLED_BACK) else Outcome.FAILED


def _final_below(name: str, top: Resource, tree: Sequence[Resource]) -> Iterator[Verdict]:
    """Stacks below that are stalled or suspended: they, and all above them, have seen their current definition.

    Else a definition that has just been corrected would count as failed until the correction has come down to it. What
    the stack can do without (``stackRef.optional``) is no reason to give up.
    """
    settled = {top["metadata"]["uid"]} if is_observed(top) else set()
    for resource in subtree(top, tree)[1:]:
        owner: Mapping[str, Any] = controller_of(resource) or {}
        if owner.get("uid") not in settled or not is_observed(resource):
            continue
        settled.add(resource["metadata"]["uid"])
        state, reason, message = state_of(resource)
        if state is State.STALLED:
            why = _sentence(resource, reason, message)
            yield Verdict(
                outcome_of(reason), f"{name} cannot become ready: stack {resource['metadata']['name']}: {why}"
            )
        elif state is State.SUSPENDED:
            yield Verdict(Outcome.SUSPENDED, f"{name}: stack {resource['metadata']['name']} is suspended: {message}")


def _sentence(resource: Resource, reason: str, message: str) -> str:
    """Why a stack is not ready, with the reason where the sentence of the operator has none."""
    if not message:
        return reason or "no word from the operator yet"
    if reason in UNDER_WAY or not reason or says_reason(resource, message):
        return message
    return f"{message} ({reason})"
