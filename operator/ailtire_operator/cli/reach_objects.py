"""Where ``reach`` gets its objects from: a namespace as it is, or files and what the operator would make of them."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from difflib import get_close_matches
from ipaddress import ip_address
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.cli.definitions import collect, resources
from ailtire_operator.cli.failures import Failure, Missing
from ailtire_operator.cli.issues import InvalidInput, Issue
from ailtire_operator.cli.live import Json, Live
from ailtire_operator.cli.paths import paths
from ailtire_operator.cli.reach_view import Matrix
from ailtire_operator.cli.rendering import refused, tree_plans
from ailtire_operator.cli.settings import environment_settings
from ailtire_operator.cli.sources import Document
from ailtire_operator.cluster import kinds
from ailtire_operator.cluster.errors import Denied, NotFound
from ailtire_operator.model.problems import InvalidStack
from ailtire_operator.model.stack import Stack
from ailtire_operator.plan.scope import NO_NAMESPACE
from ailtire_operator.plan.types import Plan
from ailtire_operator.reach.policies import Evaluator
from ailtire_operator.reach.world import OUTSIDE, Workload, World, world
from ailtire_operator.status.text import listed

_FIRST_ADDRESS: Final = int(ip_address("198.18.0.1"))
"""Of a range that is for tests: what a plan's Services would have differs only by it."""


async def of_cluster(live: Live) -> World:
    """The namespace as it is: its policies and pods, whoever wrote them."""
    objects = [
        each
        for kind in (*kinds.WORKLOAD_KINDS, kinds.ENDPOINT_SLICE)
        for each in await live.list(kind, naming.MANAGED_SELECTOR)
    ]
    for kind in (kinds.NETWORK_POLICY, kinds.POD, kinds.SERVICE):
        objects += await live.list(kind)
    stacks = await live.list(kinds.STACK)
    return world(objects, paths(stacks), namespace=live.namespace, namespace_labels=await _namespace_labels(live))


async def _namespace_labels(live: Live) -> Mapping[str, str] | None:
    """None where a user of the namespace may not look at the namespace itself: its name is a label anyway."""
    with suppress(Denied, NotFound):
        found = await live.connection.request("GET", f"/api/v1/namespaces/{live.namespace}")
        labels: Mapping[str, str] = found["metadata"].get("labels") or {}
        return labels
    return None


def of_files(documents: Iterable[Document], namespace: str) -> World:
    """What the stacks in the files would become, and what else stands there, as one namespace."""
    given = list(documents)
    stacks = collect(given)
    if stacks.problems:
        raise InvalidInput(stacks.problems)
    found = {(each["kind"], each["metadata"]["name"]): each for each in _others(given)}
    if not stacks.roots and not found:
        raise Failure("the input holds nothing that runs", "Give stacks, or what 'kubectl ailtire render' prints.")
    problems: list[Issue] = []
    known = [each.resource for each in stacks.placed]
    addresses: dict[str, tuple[str, ...]] = {}
    for definition in stacks.roots:
        top = definition.stack.model_copy(update={"namespace": namespace})
        templates = stacks.templates_for(definition.stack)
        settings = environment_settings()
        _number(addresses, [made for _, made in tree_plans(top, templates, settings) if isinstance(made, Plan)])
        errors: list[tuple[str, InvalidStack]] = []
        for stack, made in tree_plans(top, templates, settings, addresses):
            known.append(_resource(stack))
            if isinstance(made, InvalidStack):
                errors.append((stack.name, made))
            else:
                found |= {(each["kind"], each["metadata"]["name"]): each for each in made.objects}
        problems += refused(stacks, definition, errors)
    if problems:
        raise InvalidInput(problems)
    return world(found.values(), paths(known), namespace=namespace or NO_NAMESPACE, addresses=addresses)


def _others(documents: Iterable[Document]) -> Iterable[Json]:
    for document in documents:
        for each in resources(document.data):
            if isinstance(each, dict) and each.get("kind") not in (None, naming.KIND) and each.get("metadata"):
                yield each


def _number(addresses: dict[str, tuple[str, ...]], plans: Iterable[Plan]) -> None:
    """Give every Service an address, as a cluster would: the zones' entries are made of them."""
    for made in plans:
        for each in made.objects:
            if each["kind"] == "Service" and naming.LABEL_NETWORK not in each["metadata"]["labels"]:
                address = str(ip_address(_FIRST_ADDRESS + len(addresses)))
                addresses.setdefault(each["metadata"]["name"], (address,))


def _resource(stack: Stack) -> dict[str, Any]:
    place = stack.spec.place
    spec = {"place": {"parent": place.parent, "parentKey": place.parent_key}} if place else {}
    return {"metadata": {"name": stack.name}, "spec": spec}


def end(text: str, found: World) -> Workload:
    """The workload that is meant. Raises Missing with what comes near."""
    if text == OUTSIDE:
        return Workload(OUTSIDE)
    wanted = text.strip("/")
    by_name = {other: each for each in found.workloads.values() for other in _spellings(each)}
    if wanted in by_name:
        return by_name[wanted]
    known = sorted(found.workloads)
    near = get_close_matches(wanted, known, n=3) or [each for each in known if each.startswith(f"{wanted}/")]
    hint = f"Did you mean {listed(near, 3)}?" if near else f"There are: {listed(known, 12)}."
    if any(each.stack for each in found.workloads.values()) and near and near[0].startswith(f"{wanted}/"):
        raise Missing(f"{wanted} is a stack without a gateway, so nothing of it is called from outside of it", hint)
    raise Missing(f"there is no '{wanted}' that runs in the namespace", hint if known else "Nothing runs in it.")


def _spellings(each: Workload) -> Iterable[str]:
    """By its path, by the stack's own name, and by the key as it stands in names of objects."""
    yield each.name
    if each.stack:
        path = each.name.removesuffix(f"/{each.key}") if each.key else each.name
        for stack in (path, each.stack):
            for key in (each.key, each.key and naming.sanitize(each.key)):
                yield "/".join(filter(None, (stack, key)))


def pairs(found: World, scope: str | None) -> tuple[list[Workload], Matrix]:
    """The workloads at a path and below it with what is outside, and who of them reaches whom. Raises Missing."""
    evaluator = Evaluator(found)
    everyone = [*scoped(found, scope), evaluator.outside]
    return everyone, evaluator.matrix(everyone, everyone)


def scoped(found: World, scope: str | None) -> list[Workload]:
    """The workloads at a path and below it, in order; all of them without one."""
    chosen = sorted(found.workloads.values(), key=lambda each: each.name)
    if scope is None:
        return chosen
    inside = below(chosen, scope)
    if not inside:
        end(scope, found)  # says that it is not there
    return inside


def below(workloads: Iterable[Workload], path: str) -> list[Workload]:
    """Those at a path and below it: none of a stack that runs nothing."""
    wanted = path.strip("/")
    return [each for each in workloads if any(f"{one}/".startswith(f"{wanted}/") for one in _spellings(each))]
