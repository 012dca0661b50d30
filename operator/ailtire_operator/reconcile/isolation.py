"""Which NetworkPolicies select a pod, judged by labels alone: what we write selects by nothing else. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.cluster.kinds import NETWORK_POLICY, Manifest, Ref
from ailtire_operator.cluster.store import Record
from ailtire_operator.cluster.summaries import summarize
from ailtire_operator.model.place import Place
from ailtire_operator.plan.network.membership import OWN, NetworkId
from ailtire_operator.plan.network.zones import rules

Labels = Mapping[str, str]
_BY_LABELS: Final = "pods"
"""The labels that a policy selects pods by, in its summary."""


class Policies:
    """The policies of a plan, found by the labels of a pod."""

    def __init__(self, manifests: Mapping[Ref, Manifest]) -> None:
        selectors = {
            ref: manifest["spec"]["podSelector"]["matchLabels"]
            for ref, manifest in manifests.items()
            if ref.kind == NETWORK_POLICY.kind
        }
        counted = Counter(pair for selector in selectors.values() for pair in selector.items())
        self._by_pair: defaultdict[tuple[str, str], list[tuple[Ref, Labels]]] = defaultdict(list)
        for ref, selector in selectors.items():
            rarest = min(selector.items(), key=lambda pair: (counted[pair], pair))
            self._by_pair[rarest].append((ref, selector))

    def selecting(self, pod: Labels) -> Iterator[tuple[Ref, Labels]]:
        """Those that select a pod with these labels, and by which of them."""
        for pair in pod.items():
            for ref, selector in self._by_pair.get(pair, ()):
                if selector.items() <= pod.items():
                    yield ref, selector


def networks_above(place: Place | None) -> dict[str, NetworkId]:
    """The networks of the stacks above that members of a stack may join, by the label of their pods."""
    if place is None:
        return {}
    named = map(NetworkId.parse, [*place.networks.values(), *place.gateway_networks])
    return {network.label: network for network in (NetworkId(place.parent, OWN), *named)}


def policies_above(network: NetworkId, namespace: str, pod: Labels) -> Iterator[tuple[Ref, Mapping[str, Any]]]:
    """The policies of another stack's network that select a pod in it: their addresses, and what is known of them."""
    for purpose, spec in rules(network, internal=naming.LABEL_EGRESS in pod):
        name = naming.network_policy(network.owner, network.key, purpose)
        yield Ref(NETWORK_POLICY.kind, namespace, name), summarize({"kind": NETWORK_POLICY.kind, "spec": spec})


def network_labels(pod: Labels) -> list[str]:
    """The labels of a pod that make it a member of networks."""
    return [label for label in pod if label.startswith(naming.NETWORK_LABEL_PREFIX)]


def is_alone_in_selecting(policy: Record, label: str) -> bool:
    """Whether a live policy selects the pods with this label, whatever else they have."""
    return not policy.deleting and list(policy.summary.get(_BY_LABELS, ())) == [label]


def selects(policy: Record, pods: Iterable[Labels]) -> bool:
    """Whether an object is a policy that selects any of these pods."""
    selector: Labels = policy.summary.get(_BY_LABELS, {})
    return policy.ref.kind == NETWORK_POLICY.kind and any(selector.items() <= pod.items() for pod in pods)


def only_opens(policy: Record, pods: Iterable[Labels], others: Policies) -> bool:
    """Whether a policy only lets more callers in to its pods, as other policies select all of them too.

    Not so where it selects the members of a network: until they are replaced, pods may still be called by way of it.
    """
    selector: Labels = policy.summary.get(_BY_LABELS, {})
    if network_labels(selector):
        return False
    return all(any(others.selecting(pod)) for pod in pods if selector.items() <= pod.items())
