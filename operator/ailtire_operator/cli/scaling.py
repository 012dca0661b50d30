"""How many replicas a service has, changed where that is written. Pure: resources in, changes out.

A child stack is written by its parent, so that an edit of the child would be undone at once. What a person can change
is the definition: that of the root, in which inline children stand, or the template that a child refers to.
"""

import copy
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.cli.definition_writes import Request, at, requests
from ailtire_operator.cli.definitions import known_templates, tree_problems
from ailtire_operator.cli.failures import Failure
from ailtire_operator.cli.paths import match, parts
from ailtire_operator.cli.trees import Resource, State, is_observed, place_of, services_of, spec_of, state_of
from ailtire_operator.cli.wait_conditions import outcome_of
from ailtire_operator.cli.wait_outcomes import Outcome, Verdict
from ailtire_operator.model.loading import parse_stack
from ailtire_operator.model.problems import InvalidStack
from ailtire_operator.model.templates import is_template
from ailtire_operator.status.text import listed

_WISH: Final = re.compile(r"(?P<path>[^=]+)=(?P<replicas>[0-9]{1,6})")
_SOURCES: Final = {
    "argocd.argoproj.io/tracking-id": "Argo CD",
    "argocd.argoproj.io/instance": "Argo CD",
    "kustomize.toolkit.fluxcd.io/name": "Flux",
    "helm.toolkit.fluxcd.io/name": "Flux",
    "meta.helm.sh/release-name": "Helm",
}
"""Labels and annotations that tell of a tool which brings its own definition back."""


@dataclass(frozen=True, slots=True)
class Change:
    """One service's count, and where it stands."""

    path: str
    """The service in its tree."""
    resource: Resource
    """The AiltireStack that holds the definition."""
    service: tuple[str, ...]
    """Where the service stands in it, as the steps of a JSON pointer."""
    live: str
    """The name of the stack that runs it."""
    key: str
    before: int
    after: int

    @property
    def owner(self) -> str:
        """The name of the resource that is changed."""
        return str(self.resource["metadata"]["name"])


def plan_changes(wishes: Sequence[str], stacks: Sequence[Resource]) -> list[Change]:
    """What to change for ``shop/web=3``. Raises Failure or Missing for what cannot be."""
    by_name = {each["metadata"]["name"]: each for each in stacks}
    changes: dict[tuple[str, tuple[str, ...]], Change] = {}
    for text in wishes:
        wish = _WISH.fullmatch(text)
        if wish is None:
            raise Failure(f"'{text}' is no path and count", "Write STACK/SERVICE=N, for example shop/orders/api=3.")
        change = _trace(wish["path"], int(wish["replicas"]), by_name)
        other = changes.setdefault((change.owner, change.service), change)
        if other is not change:
            raise Failure(f"{other.path} and {change.path} stand in one place, so they cannot both be set")
    return list(changes.values())


def _trace(path: str, replicas: int, by_name: Mapping[str, Resource]) -> Change:
    """Follow the path through the definitions, from the root on."""
    name, keys = parts(path)
    stack = by_name[name]
    while place := place_of(stack):
        keys.insert(0, place["parentKey"])
        if place["parent"] not in by_name:
            raise Failure(f"the stack {place['parent']}, which writes {name}, is gone")
        stack = by_name[place["parent"]]
    steps: tuple[str, ...] = ("spec",)
    owner, spec = stack, spec_of(stack)
    where = live = stack["metadata"]["name"]
    for number, wanted in enumerate(keys, 1):
        key = match(wanted, spec.get("services") or {}, where)
        service = spec["services"][key] or {}
        where, inside = f"{where}/{key}", (*steps, "services", key)
        if service.get("type") != "stack":
            if number < len(keys):
                raise Failure(f"{where} is a service, so there is nothing below it")
            _check(where, service, by_name.get(live), key)
            before = (service.get("deploy") or {}).get("replicas", 1)
            return Change(where, owner, inside, live, key, before, replicas)
        live = naming.member(live, key)
        if (reference := service.get("stackRef")) is None:
            steps, spec = (*inside, "stack"), service.get("stack") or {}
            continue
        owner = by_name.get(reference["name"], {})
        if not is_template(spec_of(owner)):
            raise Failure(f"the template '{reference['name']}', to which {where} refers, is not there")
        steps, spec = ("spec",), owner["spec"]
    inside_it = listed(sorted(spec.get("services") or {}), 12) or "there is none"
    raise Failure(f"{where} is a stack", f"Name a service in it: {inside_it}. A gateway's count is gateway.replicas.")


def _check(where: str, service: Mapping[str, Any], live: Resource | None, key: str) -> None:
    """Raise Failure for a service whose count is not a person's to set."""
    mode = (service.get("deploy") or {}).get("mode", "replicated")
    kind = (((live or {}).get("status") or {}).get("services") or {}).get(key, {}).get("kind")
    if mode in ("global", "globalJob"):
        raise Failure(f"{where} runs once on each node (mode {mode})", "Where it runs is said by deploy.placement.")
    if mode == "replicatedJob" or kind == "Job":
        raise Failure(f"{where} is a job, which runs to its end and is not scaled", "Change its definition instead.")
    scaling = (service.get("policies") or {}).get("scaling")
    if scaling:
        bounds = f"min {scaling.get('min', 1)}, max {scaling.get('max')}"
        raise Failure(f"the count of {where} is the autoscaler's ({bounds})", "Change policies.scaling of the service.")


def requests_for(changes: Sequence[Change]) -> list[Request]:
    """What to send for the changes of one resource."""
    return requests(changes[0].resource, {each.service: each.after for each in changes})


def problems(changes: Sequence[Change], stacks: Sequence[Resource]) -> list[str]:
    """What would be wrong with a resource after its changes, and is not wrong now."""
    before = changes[0].resource
    after = copy.deepcopy(dict(before))
    for change in changes:
        service = at(after, change.service)
        service["deploy"] = {**(service.get("deploy") or {}), "replicas": change.after}
    others = [each for each in stacks if each is not before]
    known = set(_wrong(before, stacks))
    return [each for each in _wrong(after, [*others, after]) if each not in known]


def _wrong(resource: Resource, stacks: Sequence[Resource]) -> list[str]:
    try:
        stack = parse_stack(resource)
    except InvalidStack as error:
        return [str(each) for each in error.problems]
    found, _ = tree_problems(stack, known_templates(stacks))
    return [str(each) for each in found]


def warnings(change: Change, stacks: Sequence[Resource]) -> list[str]:
    """What else it touches, and who may undo it."""
    found = []
    if is_template(spec_of(change.resource)):
        users = sorted(_users(change.owner, stacks) - {change.live})
        others = f", and {listed(users)} with it" if users else ""
        found.append(f"{change.owner} is a template: {change.live} follows it{others}")
    if spec_of(change.resource).get("suspend"):
        found.append(f"{change.owner} is suspended: nothing happens until that is gone")
    metadata = change.resource["metadata"]
    marks = {**(metadata.get("labels") or {}), **(metadata.get("annotations") or {})}
    tools = dict.fromkeys(tool for mark, tool in _SOURCES.items() if mark in marks)
    if tools:
        found.append(f"{change.owner} is kept by {' and '.join(tools)}, which may undo this: change its source as well")
    elif all(each.recorded for each in requests_for([change])):
        found.append(f"{change.owner} was applied from a file; to apply it again brings back what the file says")
    else:
        found.append(
            f"no apply of {change.owner} knows of this count: a file that names no deploy.replicas for {change.path}"
            " leaves it as it is"
        )
    return found


def _users(template: str, stacks: Sequence[Resource]) -> set[str]:
    """The stacks that have the template's definition."""
    return {
        naming.member(each["metadata"]["name"], key)
        for each in stacks
        if not is_template(spec_of(each))
        for key, service in services_of(each).items()
        if ((service or {}).get("stackRef") or {}).get("name") == template
    }


def judge_scaled(changes: Sequence[Change], stacks: Mapping[str, Resource]) -> Verdict:
    """Whether everything runs as often as was asked for; ``stacks`` are those that run it, by name."""
    verdicts = [_judge(change, stacks.get(change.live)) for change in changes]
    failed = [each for each in verdicts if each.outcome not in (Outcome.REACHED, Outcome.WAITING)]
    waiting = [each for each in verdicts if each.outcome is Outcome.WAITING]
    return next(iter(failed + waiting), Verdict(Outcome.REACHED, "; ".join(each.line for each in verdicts)))


def _judge(change: Change, live: Resource | None) -> Verdict:
    if live is None:
        return Verdict(Outcome.WAITING, f"{change.path}: the stack {change.live} has not been made yet")
    written = services_of(live).get(change.key) or {}
    if (written.get("deploy") or {}).get("replicas", 1) != change.after:
        return Verdict(Outcome.WAITING, f"{change.path}: the change has not come down to {change.live} yet")
    state, reason, message = state_of(live)
    if state is State.STALLED:
        return Verdict(outcome_of(reason), f"{change.path}: {message or reason}")
    if state is State.SUSPENDED:
        return Verdict(Outcome.SUSPENDED, f"{change.path}: {message}")
    status = ((live.get("status") or {}).get("services") or {}).get(change.key) or {}
    ready, wanted = status.get("ready", 0), status.get("wanted", 0)
    if is_observed(live) and wanted == change.after and ready >= wanted:
        return Verdict(Outcome.REACHED, f"{change.path}: {f'{ready}/{wanted}' if wanted else 'stopped'}")
    why = f": {status['reason']}: {status.get('message', '')}" if status.get("reason") else ""
    return Verdict(Outcome.WAITING, f"{change.path}: {ready}/{change.after}{why}")
