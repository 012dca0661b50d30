"""Where a tree is reached from outside, service by service; and what to do where it is not. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ailtire_operator.cli.outside import Outside, ending, first_blocker
from ailtire_operator.cli.paths import PathTarget, paths
from ailtire_operator.cli.trees import Resource, State, services_of
from ailtire_operator.cli.wait_conditions import outcome_of, subtree
from ailtire_operator.cli.wait_outcomes import Outcome, Verdict
from ailtire_operator.printable import plural


@dataclass(frozen=True, slots=True)
class Address:
    """One URL and what answers there."""

    url: str
    service: str
    """Its path in the tree."""
    port: int
    stack: str
    """The name of the stack whose gateway leads there."""
    blocker: str = ""
    """The first thing from outside that keeps a request from it, a sentence; empty where nothing does."""

    @property
    def ready(self) -> bool:
        """Whether a request gets there: by its edge and every gateway on the way to a replica that is ready."""
        return not self.blocker

    def to_json(self) -> dict[str, Any]:
        """As data; the form is part of the command's promise (docs/cli.md)."""
        return {
            "url": self.url,
            "service": self.service,
            "port": self.port,
            "ready": self.ready,
            "reason": self.blocker,
        }

    def line(self, width: int) -> str:
        """For a person; the URL takes that many columns."""
        why = f"  not ready: {self.blocker}" if self.blocker else ""
        return f"{self.url:<{width}}  {self.service}:{self.port}{why}"


def addresses(asked: PathTarget, tree: Sequence[Resource], outside: Outside) -> list[Address]:
    """The URLs of the stack and of all below it, or of one service. ``tree`` holds all stacks above it too."""
    known = paths(tree)
    stacks = [asked.stack] if asked.key else subtree(asked.stack, tree)
    routed = {known[each["metadata"]["name"]] for each in stacks if _routes(each)}
    found = [
        Address(route["url"], behind, route["port"], stack["metadata"]["name"], why)
        for stack in stacks
        for route in _routes(stack)
        # What is behind the route to a child stack stands there, under the same URLs.
        if route.get("url") and (behind := f"{known[stack['metadata']['name']]}/{route['service']}") not in routed
        for why in [first_blocker(stack, route["service"], tree, outside, known)]
    ]
    return [each for each in found if not asked.key or each.service == asked.path]


def judge(path: str, found: Sequence[Address], tree: Sequence[Resource]) -> Verdict:
    """How it stands for whoever waits until all of them are ready."""
    first = next((each for each in found if not each.ready), None)
    if first is None:
        return Verdict(Outcome.REACHED, f"{path}: {plural(len(found), 'URL')} ready")
    stack = next(each for each in tree if each["metadata"]["name"] == first.stack)
    state, reason, message = ending(stack, tree) or (State.PROGRESSING, "", "")
    outcomes = {
        State.SUSPENDED: Outcome.SUSPENDED,
        State.STOPPED: Outcome.STOPPED,
        State.STALLED: outcome_of(reason),
        State.PROGRESSING: Outcome.WAITING,
    }
    why = f" ({message})" if message and message not in first.blocker else ""
    return Verdict(outcomes.get(state, Outcome.FAILED), f"{first.url}: {first.blocker}{why}")


def advice(asked: PathTarget, namespace: str) -> tuple[str, str]:
    """Why there is no URL, and what helps."""
    routes = [each for each in _routes(asked.stack) if asked.key in ("", each["service"])]
    if not routes:
        if asked.key:
            return f"{asked.path} has no interface, so no gateway leads to it", _forward_workload(asked, namespace)
        return f"no service of {asked.path} has an interface, so there is no gateway", "Give a service an interface."
    forward = f"kubectl ailtire open {asked.path} -n {namespace} --forward"
    reason = f"{asked.path} has routes, but no edge above or in it names a host, so nothing is reached from outside"
    return reason, f"Set spec.edge.hosts at the root; until then, '{forward}' reaches it from this machine."


def _forward_workload(asked: PathTarget, namespace: str) -> str:
    if not (services_of(asked.stack).get(asked.key) or {}).get("ports"):
        return "Give it one."
    return f"Give it one; until then, 'kubectl ailtire port-forward {asked.path} -n {namespace}' reaches it."


def _routes(stack: Resource) -> list[dict[str, Any]]:
    return (stack.get("status") or {}).get("routes") or []
