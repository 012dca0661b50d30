"""What holds for the isolation of every stack: no workload is written before the policies that select its pods."""

from collections.abc import Iterator

from hypothesis import assume, given
from hypothesis import strategies as st

from ailtire_operator import naming
from ailtire_operator.cluster.errors import Denied
from ailtire_operator.cluster.kinds import STACK, Manifest, Ref
from ailtire_operator.model.problems import InvalidStack
from support.fake_cluster.world import World
from support.generators.laws import STACKS, laws
from support.generators.strategies import Json

WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Job")


def passes(world: World, spec: Json) -> list[str]:
    """What is written for the root and then for everything below it, in order; no example where the root is refused."""
    journal: list[str] = []
    waiting = [world.write(spec).ref]
    while waiting:
        record = world.store.get(waiting.pop(0))
        assert record is not None
        known = {each.ref for each in world.store.of_kind(STACK.kind)}
        try:
            world.execute(record)
        except InvalidStack:
            assume(record.ref.name != "shop")
            continue
        journal += world.cluster.journal
        waiting += [each.ref for each in world.store.of_kind(STACK.kind) if each.ref not in known]
    return [entry.removeprefix("apply ") for entry in journal if entry.startswith("apply ")]


def pod_labels(workload: Manifest) -> dict[str, str]:
    labels: dict[str, str] = workload["spec"]["template"]["metadata"]["labels"]
    return labels


def selecting(world: World, workload: Manifest) -> Iterator[Manifest]:
    """The policies of the whole tree that select the pods of a workload."""
    for ref, policy in world.cluster.manifests.items():
        if ref.kind == "NetworkPolicy":
            selector = policy["spec"]["podSelector"]["matchLabels"]
            if selector.items() <= pod_labels(workload).items():
                yield policy


def workloads(world: World) -> list[Ref]:
    return [ref for ref in world.cluster.manifests if ref.kind in WORKLOADS]


def is_check(workload: Manifest) -> bool:
    """Whether it is a stack's check, which begins only when all else of its stack is there."""
    return pod_labels(workload).get(naming.LABEL_COMPONENT) == naming.COMPONENT_VERIFICATION


def stack_of(world: World, ref: Ref) -> str:
    label: str = world.cluster.manifests[ref]["metadata"]["labels"][naming.LABEL_STACK]
    return label


@laws
@given(STACKS)
def test_every_workload_is_written_after_the_policies_that_select_its_pods(spec: Json) -> None:
    world = World()
    written = passes(world, spec)
    for ref in workloads(world):
        workload = world.cluster.manifests[ref]
        policies = list(selecting(world, workload))
        directions = {each for policy in policies for each in policy["spec"]["policyTypes"]}
        assert "Ingress" in directions, f"{ref} is open to everybody"
        assert "Egress" in directions or naming.LABEL_EGRESS not in pod_labels(workload)
        networks = {label for label in pod_labels(workload) if label.startswith(naming.NETWORK_LABEL_PREFIX)}
        covered = {label for policy in policies for label in policy["spec"]["podSelector"]["matchLabels"]}
        assert networks <= covered, "each network has a policy of its own"
        for policy in policies:
            assert written.index(str(Ref.of(policy))) < written.index(str(ref))


@laws
@given(STACKS, st.data())
def test_a_policy_that_cannot_be_written_holds_exactly_those_whose_pods_it_selects(
    spec: Json, data: st.DataObject
) -> None:
    whole = World()
    passes(whole, spec)
    policies = [ref for ref in whole.cluster.manifests if ref.kind == "NetworkPolicy"]
    refused = data.draw(st.sets(st.sampled_from(sorted(policies)), min_size=1))
    world = World()
    world.cluster.refuses = {f"apply {ref}": Denied("exceeded quota") for ref in refused}
    passes(world, spec)
    for ref in workloads(whole):
        needed = {Ref.of(policy) for policy in selecting(whole, whole.cluster.manifests[ref])}
        if is_check(whole.cluster.manifests[ref]):
            needed |= {each for each in policies if stack_of(whole, each) == stack_of(whole, ref)}
        assert (ref in workloads(world)) == (not needed & refused), ref
