"""The pods of a service or gateway in a cluster, and the one of them that is meant."""

from ailtire_operator import naming
from ailtire_operator.cli.failures import Failure
from ailtire_operator.cli.live import Json, Live
from ailtire_operator.cli.paths import PathTarget, find, parts
from ailtire_operator.cli.pod_choice import PodChoice, PodTarget, choose, current_template, template_of
from ailtire_operator.cli.stack_gateways import gateway_workload
from ailtire_operator.cli.trees import State, blocker_of, services, services_of
from ailtire_operator.cluster.errors import Denied
from ailtire_operator.cluster.kinds import CONTROLLER_REVISION, DEPLOYMENT, POD, Kind
from ailtire_operator.status.health import service_subject
from ailtire_operator.status.text import listed

REPLICA_SET = Kind("apps", "v1", "ReplicaSet", "replicasets")
_LISTED = 8


async def pod_at(live: Live, path: str, *, gateway: bool, index: int | None = None, container: str = "") -> PodChoice:
    """The pod that a path means. With ``gateway`` a stack's path means its gateway. Raises Failure."""
    asked = find(path, await live.tree(parts(path)[0]))
    if gateway and asked.key:
        raise Failure(f"{asked.path} is a service; a gateway is that of a stack", f"Name its stack: {_stack(asked)}.")
    if not gateway and not asked.key:
        raise _is_stack(asked)
    return await pod_of(live, asked, index=index, container=container)


async def pod_of(live: Live, asked: PathTarget, *, index: int | None = None, container: str = "") -> PodChoice:
    """The pod of a service, or of a stack's gateway. Raises Failure."""
    target = pod_target(asked)
    selector = selector_of(asked)
    pods = await live.list(POD, selector)
    return choose(target, pods, current=await _current(live, target, pods, selector), index=index, container=container)


def pod_target(asked: PathTarget) -> PodTarget:
    """What is known of them without a look at the pods. Raises Failure for the gateway of a stack that has none."""
    if asked.key:
        found = next((each for each in services(asked.stack) if each.key == asked.key), None)
        stopped = found is not None and found.state is State.STOPPED
        reason = _reason(found.reason, found.message) if found is not None and not found.ok else ""
        kind = found.kind if found is not None else ""
        return PodTarget(asked.path, naming.sanitize(asked.key), kind, stopped, reason)
    if not any((each or {}).get("interface") for each in services_of(asked.stack).values()):
        raise Failure(f"no service of {asked.path} has an interface, so it has no gateway", "Name one of its services.")
    blocker = blocker_of(asked.stack)
    own = blocker is not None and not blocker.path and blocker.subject == service_subject("")
    reason = _reason(blocker.reason, blocker.message) if blocker is not None and own else ""
    return PodTarget(asked.path, naming.COMPONENT_GATEWAY, DEPLOYMENT.kind, reason=reason, gateway=True)


def selector_of(asked: PathTarget) -> str:
    """Selects the pods of a service, or of a stack's gateway."""
    if asked.key:
        name, whose = asked.name, f"{naming.LABEL_SERVICE}={naming.sanitize(asked.key)}"
    else:
        gateway = gateway_workload(asked.stack)
        name, whose = gateway.stack, f"{naming.LABEL_COMPONENT}={gateway.component}"
    return f"{naming.MANAGED_SELECTOR},{naming.LABEL_STACK}={name},{whose}"


async def _current(live: Live, target: PodTarget, pods: list[Json], selector: str) -> str:
    """The template of the current definition; nobody is asked where all pods have the same."""
    if len(templates := {template_of(each) for each in pods}) < 2:
        return next(iter(templates), "")
    kind = REPLICA_SET if target.kind == DEPLOYMENT.kind else CONTROLLER_REVISION
    try:
        return current_template(pods, await live.list(kind, selector))
    except Denied:
        return current_template(pods, ())


def _reason(reason: str, message: str) -> str:
    return ": ".join(filter(None, (reason, message)))


def _stack(asked: PathTarget) -> str:
    return asked.stack_path


def _is_stack(asked: PathTarget) -> Failure:
    """A stack has many pods; what to type instead."""
    plain = [key for key, each in sorted(services_of(asked.stack).items()) if (each or {}).get("type") != "stack"]
    named = f"name one of its services: {listed([f'{asked.path}/{key}' for key in plain], _LISTED)}" if plain else ""
    gateway = "say --gateway for its gateway"
    return Failure(f"{asked.path} is a stack", ", or ".join(filter(None, (named, gateway))).capitalize() + ".")
