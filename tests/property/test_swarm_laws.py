"""To Swarm and back: what an import makes of an export is the same stack, but for what the report tells."""

import re

import yaml
from hypothesis import assume, given, settings

from ailtire_operator.compose.compose_file.reimport import is_gateway
from ailtire_operator.compose.exporting import Exported, export_tree
from ailtire_operator.model.field_path import SPEC, path_of
from ailtire_operator.model.loading import parse_spec
from ailtire_operator.model.problems import InvalidStack
from support.compose.round_trip import (
    NAME,
    RoundTrip,
    differences,
    is_told,
    reimported,
    there_and_back,
    with_plain_keys,
)
from support.definitions import wide
from support.generators.laws import EXAMPLES, laws
from support.generators.strategies import Json, specs

ALONE = specs(depth=0)
"""Stacks without children: those are files of their own, which one import does not read."""
TREES = specs(depth=2).filter(lambda spec: any(each.get("type") == "stack" for each in spec["services"].values()))
fewer = settings(laws, max_examples=max(10, EXAMPLES // 2))
"""Every example runs Docker Compose."""
fewest = settings(laws, max_examples=max(10, EXAMPLES // 3))
"""So does every file of every example."""

# Paths are written with / between keys, each with its reason.
WRITTEN_OUT = {
    r"services/[^/]+/stopGracePeriod": "the model's 30 s, as Docker's are 10",
    r"services/[^/]+/deploy/rollbackConfig/.*": "what updateConfig says, where failureAction is rollback",
    r"services/[^/]+/deploy/restartPolicy/condition": "Swarm wants to hear of a job what is its default here",
    r"services/[^/]+/deploy/resources/reservations/genericResources/.*": "the devices, which the report names there",
    r"services/[^/]+/tmpfs//dev/shm(/size)?": "shmSize, as the report says there",
    r"services/[^/]+/ulimits/[^/]+/hard": "the same as soft",
    r"services/[^/]+/annotations/.*": "the labels, as the report says there",
    r"interface/ports/80": "what the gateway publishes where there is an edge",
    r"networks/[^/]+/(name|driver|attachable)": "Swarm's name, overlay, attachable",
}
"""What nobody wrote, and stands there when it comes back."""
SPELLED = {
    r"services/[^/]+/deploy/(updateConfig|rollbackConfig)/order": "who cannot start first is written so",
    r"services/[^/]+/deploy/placement/constraints": "with the platform, which the report names at platform",
    r"services/[^/]+/deploy/replicas": "the least of policies.scaling, as the report says there",
    r"services/[^/]+/deploy/labels/traefik\..*": "an import reads them as routes, and says so",
    r"services/[^/]+/healthcheck/retries": "0 is the default",
    r"services/[^/]+/networks/.*": "the key of two that are one network by their name, as the report says there",
    r"networks/siblings/(driver|attachable)": "overlay, attachable: what the own network is anyway",
}
"""What comes back in other words."""


def is_explained(path: str, before: object) -> bool:
    """Whether a table has the reason."""
    known = [*SPELLED, *(WRITTEN_OUT if before is None else ())]
    return any(re.fullmatch(each, path) for each in known)


def silent(trip: RoundTrip) -> list[str]:
    """What came back otherwise, and no word of it."""
    told = [*trip.told, *(_as_written_here(notice.path) for notice in trip.imported.notices)]
    spec = trip.before
    moved = {key for key in ("imageRegistry", "images") if spec.get(key)}
    found = []
    for path, before, after in differences(trip.before, trip.after):
        text = "/".join(path)
        is_image = bool(moved) and bool(re.fullmatch(r"services/[^/]+/image", text))
        # What the whole stack says is part of each service, as the report says there.
        inherited = path[2:3] == ("environment",) and before is None and path[-1] in spec.get("env", {})
        explained = is_image or inherited or is_explained(text, before)
        if not is_told(told, str(path_of(SPEC, *path))) and not explained:
            found.append(f"{text}: {before!r} -> {after!r}")
    return found


def _as_written_here(path: str) -> str:
    """A path as it is in a stack: an import tells of ``services.web.deploy.restart_policy`` in Compose's words."""
    own = path.removeprefix("spec.")
    return f"spec.{re.sub('_([a-z])', lambda found: found[1].upper(), own)}"


@fewer
@given(ALONE)
def test_a_stack_comes_back_from_swarm_but_for_what_the_report_tells(spec: Json) -> None:
    try:
        trip = there_and_back(with_plain_keys(spec))
    except InvalidStack:
        assume(False)
        raise
    assert silent(trip) == []
    assert trip.after.get("services", {}).keys() == trip.before.get("services", {}).keys()


def test_the_widest_stack_comes_back_from_swarm_but_for_what_the_report_tells() -> None:
    assert silent(there_and_back(yaml.safe_load(wide.WIDE))) == []


def exported_again(exported: Exported, stack: str = NAME) -> Exported:
    """The export of the import of one stack of an export."""
    return export_tree(stack, parse_spec(reimported(exported, stack).resources[-1]["spec"]), {})


@fewer
@given(ALONE)
def test_what_was_imported_from_an_export_is_exported_as_it_was(spec: Json) -> None:
    try:
        first = export_tree(NAME, parse_spec(with_plain_keys(spec)), {})
    except InvalidStack:
        assume(False)
        raise
    second = exported_again(first)
    third = exported_again(second)
    assert third.files == second.files
    assert third.beside == second.beside


def plain(document: Json) -> set[str]:
    """The services that somebody wrote: a gateway is the operator's, and needs a route to a service of its own file."""
    return {key for key, service in document["services"].items() if not is_gateway(service)}


@fewest
@given(TREES)
def test_every_file_of_a_tree_is_a_stack_that_is_exported_as_it_was_imported(spec: Json) -> None:
    try:
        first = export_tree(NAME, parse_spec(spec), {})
    except InvalidStack:
        assume(False)
        raise
    assume(len(first.files) > 1)  # else what it refers to is not there
    for stack, document in first.files.items():
        second = exported_again(first, stack)
        assert second.files.keys() == {stack}
        assert plain(second.files[stack]) == plain(document)
        third = exported_again(second, stack)
        assert third.files == second.files
        assert third.beside == second.beside
