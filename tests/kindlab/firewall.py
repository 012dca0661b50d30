"""NetworkPolicies as rules of nftables, for the nodes whose network plugin enforces none.

Written from the API's reference alone. It shares no code with ``ailtire_operator.reach``, which is measured by it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Object = Mapping[str, Any]
TABLE = "lab_policies"
_PEERS = {"Ingress": ("from", "saddr"), "Egress": ("to", "daddr")}
_SUBJECT = {"Ingress": "daddr", "Egress": "saddr"}
_REFUSAL = ("meta l4proto tcp reject with tcp reset", "reject")
"""At once: whoever is refused need not wait for it."""
_OVER = ("Succeeded", "Failed")


@dataclass(frozen=True)
class _Pod:
    namespace: str
    labels: Mapping[str, str]
    address: str
    ports: tuple[tuple[str, str, int], ...]
    """Name, protocol, number."""

    @property
    def chain(self) -> str:
        return self.address.replace(".", "_")


def ruleset(policies: Iterable[Object], pods: Iterable[Object], namespaces: Iterable[Object]) -> str:
    """Return the input of ``nft -f`` that puts the policies in force, in the place of what was in force before.

    Only what a node forwards is filtered: what it sends itself is the kubelet's, which no policy stops.
    """
    known = [_pod(each) for each in pods if _has_address(each)]
    by_namespace = {each["metadata"]["name"]: each["metadata"].get("labels") or {} for each in namespaces}
    chains: list[str] = []
    ways: list[str] = []
    all_policies = list(policies)
    for direction in ("Egress", "Ingress"):
        isolated = {}
        for pod in known:
            about = [each for each in all_policies if _is_about(each, pod, direction)]
            if about:
                name = f"{direction.lower()}_{pod.chain}"
                isolated[pod.address] = name
                lines = [line for policy in about for line in _lines(policy, pod, direction, known, by_namespace)]
                chains += [_chain(name, [*lines, *_REFUSAL])]
        if isolated:
            verdicts = ", ".join(f"{address} : jump {name}" for address, name in sorted(isolated.items()))
            ways.append(f"ip {_SUBJECT[direction]} vmap {{ {verdicts} }}")
    start = ["type filter hook forward priority filter - 5; policy accept;", "ct state established,related accept"]
    body = "\n".join([*chains, _chain("forward", [*start, *ways])])
    # The first line makes sure that there is something to delete; nft applies the whole file at once or not at all.
    return f"table ip {TABLE}\ndelete table ip {TABLE}\ntable ip {TABLE} {{\n{body}\n}}\n"


def _chain(name: str, lines: Sequence[str]) -> str:
    return "\n".join([f"  chain {name} {{", *(f"    {line}" for line in lines), "  }"])


def _has_address(pod: Object) -> bool:
    status = pod.get("status") or {}
    hosted = (pod.get("spec") or {}).get("hostNetwork")
    return bool(status.get("podIP")) and not hosted and status.get("phase") not in _OVER


def _pod(pod: Object) -> _Pod:
    metadata, spec = pod["metadata"], pod["spec"]
    containers = [*spec["containers"], *(spec.get("initContainers") or ())]
    listed = [port for each in containers for port in each.get("ports") or ()]
    ports = tuple((each.get("name", ""), each.get("protocol", "TCP"), each["containerPort"]) for each in listed)
    return _Pod(metadata["namespace"], metadata.get("labels") or {}, pod["status"]["podIP"], ports)


def _is_about(policy: Object, pod: _Pod, direction: str) -> bool:
    spec = policy["spec"]
    types = spec.get("policyTypes") or (["Ingress", "Egress"] if "egress" in spec else ["Ingress"])
    here = policy["metadata"]["namespace"] == pod.namespace
    return here and direction in types and _matches(spec.get("podSelector") or {}, pod.labels)


def _matches(selector: Object, labels: Mapping[str, str]) -> bool:
    wanted = (selector.get("matchLabels") or {}).items()
    return wanted <= labels.items() and all(_fits(each, labels) for each in selector.get("matchExpressions") or ())


def _fits(requirement: Object, labels: Mapping[str, str]) -> bool:
    present = requirement["key"] in labels
    listed = present and labels[requirement["key"]] in (requirement.get("values") or ())
    return {"In": listed, "NotIn": not listed, "Exists": present, "DoesNotExist": not present}[requirement["operator"]]


def _lines(
    policy: Object, pod: _Pod, direction: str, pods: Sequence[_Pod], namespaces: Mapping[str, Mapping[str, str]]
) -> Iterator[str]:
    """A line of nftables, which ends the search, for each thing that a policy allows."""
    side, field = _PEERS[direction]
    own = policy["metadata"]["namespace"]
    for rule in policy["spec"].get(direction.lower()) or ():
        listed = rule.get(side) or ()
        found = [each for each in pods if any(_is_peer(peer, each, own, namespaces) for peer in listed)]
        wheres = [f"ip {field} {_set(each.address for each in found)} "] if found else []
        wheres += [_block(peer["ipBlock"], field) for peer in listed if "ipBlock" in peer]
        for where in wheres if listed else [""]:
            yield from (f"{where}{port}return" for port in _ports(rule, pod, direction))
        if direction == "Egress":
            # A name stands for whatever port each of those who are called gives it.
            for each in found if listed else pods:
                yield from (f"ip daddr {each.address} {port}return" for port in _named(rule, each))


def _is_peer(peer: Object, pod: _Pod, own: str, namespaces: Mapping[str, Mapping[str, str]]) -> bool:
    if "ipBlock" in peer:
        return False
    beyond = peer.get("namespaceSelector")
    near = pod.namespace == own if beyond is None else _matches(beyond, namespaces.get(pod.namespace, {}))
    return near and _matches(peer.get("podSelector") or {}, pod.labels)


def _block(block: Object, field: str) -> str:
    without = f"ip {field} != {_set(block['except'])} " if block.get("except") else ""
    return f"ip {field} {block['cidr']} {without}"


def _set(values: Iterable[str]) -> str:
    return f"{{ {', '.join(sorted(values))} }}"


def _ports(rule: Object, pod: _Pod, direction: str) -> Iterator[str]:
    if not rule.get("ports"):
        yield ""
        return
    for each in rule["ports"]:
        protocol, port = each.get("protocol", "TCP"), each.get("port")
        if port is None:
            yield f"ip protocol {protocol.lower()} "
        elif isinstance(port, int):
            last = each.get("endPort", port)
            yield f"{protocol.lower()} dport {port if last == port else f'{port}-{last}'} "
    if direction == "Ingress":
        yield from _named(rule, pod)


def _named(rule: Object, called: _Pod) -> Iterator[str]:
    for each in rule.get("ports") or ():
        wanted = each.get("port"), each.get("protocol", "TCP")
        for name, protocol, number in called.ports:
            if name and (name, protocol) == wanted:
                yield f"{protocol.lower()} dport {number} "
