"""No field is dead: whatever a person writes shows in the plan, or is told to have no effect."""

import copy
import re
from typing import Any

import yaml
from hypothesis import assume, example, given, settings

from ailtire_operator import naming
from ailtire_operator.model.field_path import SPEC, path_of
from ailtire_operator.model.problems import InvalidStack
from ailtire_operator.plan.build import plan
from ailtire_operator.plan.types import Plan
from support.definitions import wide
from support.definitions.stacks import stack
from support.generators.laws import CHOICES, EXAMPLES, OBSERVED, STACKS, accepted, laws, planned
from support.generators.strategies import Json, leaves, reordered

# Values that may change without a trace in the plan, each with its reason. Paths are written with / between keys.
INERT = {
    r"(.*/)?networks/[^/]+/(driver|attachable)": "kept for Swarm, documented so",
    r"(.*/)?networks/[^/]+/name": "matters to the stacks below that name it too",
    r"(gateway|services/[^/]+)/image": "what spec.images says in its place counts, documented so",
    r"(.*/)?interface/[^/]+/protocol": "http and ws are the same, documented so",
    r".*/policies/logging/level": "debug and info write the same, documented so",
    r".*/deploy/replicas": "left to the autoscaler where there is one, documented so",
    r".*/deploy/endpointMode": "a service without ports has no address to choose",
    r".*/policies/scaling/min": "0 and 1 are one replica",
    r".*/healthcheck/(?!test/0).*": "a check that is off has no timing, and the longer or rounded time counts",
    r".*/updateConfig/(order|delay|monitor)": "the longer of the two counts; one writer's update stops first",
    r".*/rollbackConfig/.*": "counts while the operator rolls back",
    r".*/stackRef/.*": "a template that is missing or holds itself makes no object: its problem is the child's plan",
    r".*/(optional|external|internal|readOnly|retain)": "false is the same as nothing",
}


def changed(value: Any, path: tuple[str | int, ...]) -> Any:
    """Another valid value for a leaf."""
    last = path[-1]
    swaps: dict[Any, Any] = {
        "startFirst": "stopFirst", "stopFirst": "startFirst", "vip": "dnsrr", "dnsrr": "vip", "Disk": "Memory",
        "Memory": "Disk", "restricted": "baseline", "baseline": "restricted", "TCP": "UDP", "UDP": "TCP", "SCTP": "TCP",
        "ReadWriteOnce": "ReadWriteMany", "ReadWriteMany": "ReadWriteOnce", "ReadOnlyMany": "ReadWriteMany",
        "ReadWriteOncePod": "ReadWriteMany", "http": "https", "https": "http", "ws": "https", "tcp": "http",
        "debug": "error", "info": "error", "warn": "none", "error": "none", "none": "warn", "10.0.0.0/8": "10.1.0.0/16",
        "192.0.2.1": "192.0.2.2", "2001:db8::/32": "2001:db8::/33", "kubernetes.io/h2c": "http", "SIGTERM": "SIGINT",
        "SIGINT": "SIGQUIT", "SIGQUIT": "SIGINT", "SIGRTMIN+3": "SIGINT", "/var/run/docker.sock": "/run/docker.sock",
    }  # fmt: skip
    if last in ("type", "kind", "source", "test") or path[-2:-1] == ("test",):
        return None
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if value in swaps:
        return swaps[value]
    if last in ("size", "cpu", "memory"):
        return "7Gi"
    if last in ("interval", "timeout", "startPeriod", "startInterval", "delay", "monitor", "requestTimeout"):
        return "7h"
    if last == "stopGracePeriod":
        return "7h"
    return f"{value}7" if last != "user" else "77:77"


def told(made: Plan, path: tuple[str | int, ...]) -> bool:
    """Whether a notice stands at this value or above it; of a route's policies also one at the route.

    What is wrong with a child, or missing, is told in its plan.
    """
    child = made.children.get(str(path[1])) if path[0] == "services" else None
    if child is not None and (child.missing or child.problem):
        return True
    here = str(path_of(SPEC, *path))
    if path[2:3] == ("policies",) and any(
        each.path.startswith(str(path_of(SPEC, *path[:2], "interface"))) for each in made.notices
    ):
        return True
    return any(here == each.path or here.startswith((f"{each.path}.", f"{each.path}[")) for each in made.notices)


GATEWAY_WITHOUT_ROUTES: Json = {
    "images": {"host:5000/cache": "web:1"},
    "gateway": {"image": "host:5000/cache"},
    "services": {"web": {"image": "web:1", "user": "1000"}},
}


@settings(laws, max_examples=3 * EXAMPLES)
@given(STACKS, CHOICES)
@example(GATEWAY_WITHOUT_ROUTES, 0)
def test_no_field_is_dead(spec: Json, choice: int) -> None:
    """Changing any one value of a spec changes the objects or the notices, or a notice says that it has no effect."""
    made = accepted(spec)
    # Much is said of pods, here and below, and shows only where there is one.
    assume(made.services or any(each["kind"] == naming.KIND for each in made.objects))
    places = leaves(spec)
    path = places[choice % len(places)]
    text = "/".join(map(str, path))
    assume(not told(made, path) and not any(re.fullmatch(pattern, text) for pattern in INERT))
    edited = copy.deepcopy(spec)
    target: Any = edited
    for step in path[:-1]:
        target = target[step]
    value = changed(target[path[-1]], path)
    assume(value is not None)
    target[path[-1]] = value
    try:
        after = planned(edited)
    except InvalidStack:
        return  # refused: not silent
    assert effects(made) != effects(after), f"{text} -> {value!r}"


def effects(made: Plan) -> tuple[Any, ...]:
    """What a person can notice of a plan: what is applied, what is said, and what waits for what."""
    services = {key: each.depends_on for key, each in made.services.items()}
    children = {key: each.depends_on for key, each in made.children.items()}
    return made.objects, made.notices, services, children


def test_no_field_of_a_stack_that_says_everything_is_dead_or_depends_on_the_order_of_keys() -> None:
    """The wide stack of the tables (tests/support/definitions/wide.py), every value of it once."""
    spec: Json = yaml.safe_load(wide.WIDE)

    def wide_plan(edited: Json) -> Plan:
        return plan(stack(edited), wide.SETTINGS, OBSERVED)

    made = wide_plan(spec)
    assert wide_plan(reordered(copy.deepcopy(spec))).objects == made.objects
    dead = []
    for path in leaves(spec):
        text = "/".join(map(str, path))
        if told(made, path) or any(re.fullmatch(pattern, text) for pattern in INERT):
            continue
        edited = copy.deepcopy(spec)
        target: Any = edited
        for step in path[:-1]:
            target = target[step]
        target[path[-1]] = changed(target[path[-1]], path)
        try:
            after = wide_plan(edited)
        except InvalidStack:
            continue
        if effects(made) == effects(after):
            dead.append(text)
    assert dead == []


def test_every_reason_for_an_inert_value_is_still_needed() -> None:
    """A short list stays short."""
    assert len(INERT) <= 13
