"""NetworkPolicies as rules of nftables; what the kernel makes of them is tried in tests/e2e."""

from typing import Any

from kindlab import firewall

Json = dict[str, Any]


def pod(name: str, address: str, namespace: str = "shop", **more: Any) -> Json:
    metadata = {"name": name, "namespace": namespace, "labels": {"app": name}}
    spec = {"containers": [{"ports": [{"name": "http", "containerPort": 8080}]}], **more.pop("spec", {})}
    return {"metadata": metadata, "spec": spec, "status": {"podIP": address, "phase": "Running", **more}}


def policy(namespace: str = "shop", **spec: Any) -> Json:
    return {"metadata": {"name": "p", "namespace": namespace}, "spec": {"podSelector": {}, **spec}}


WEB, DB = pod("web", "10.244.1.2"), pod("db", "10.244.1.3")
NAMESPACES = [{"metadata": {"name": "shop", "labels": {"team": "a"}}}]


def chains(*policies: Json, pods: tuple[Json, ...] = (WEB, DB)) -> dict[str, list[str]]:
    """The lines of every chain, by its name."""
    found: dict[str, list[str]] = {}
    for line in firewall.ruleset(policies, pods, NAMESPACES).splitlines():
        words = line.split()
        if words[:1] == ["chain"]:
            current = found.setdefault(words[1], [])
        elif line.startswith("    "):
            current.append(line.strip())
    return found


def test_without_policies_nothing_is_refused() -> None:
    assert list(chains()) == ["forward"]
    assert not any("vmap" in line for line in chains()["forward"])


def test_who_is_isolated_goes_through_a_chain_that_ends_in_a_refusal() -> None:
    made = chains(policy(podSelector={"matchLabels": {"app": "db"}}, ingress=[{"from": [{"podSelector": {}}]}]))
    assert set(made) == {"forward", "ingress_10_244_1_3"}
    assert made["forward"][-1] == "ip daddr vmap { 10.244.1.3 : jump ingress_10_244_1_3 }"
    assert made["ingress_10_244_1_3"] == [
        "ip saddr { 10.244.1.2, 10.244.1.3 } return",
        "meta l4proto tcp reject with tcp reset",
        "reject",
    ]


def test_a_port_by_name_is_that_of_who_is_called() -> None:
    entry = {"ports": [{"port": "http"}, {"port": 53, "protocol": "UDP"}]}
    into = chains(policy(ingress=[entry]))["ingress_10_244_1_2"]
    assert into[:-2] == ["udp dport 53 return", "tcp dport 8080 return"]
    out = chains(policy(policyTypes=["Egress"], egress=[entry]))["egress_10_244_1_2"]
    assert out[1:-2] == [f"ip daddr {address} tcp dport 8080 return" for address in ("10.244.1.2", "10.244.1.3")]


def test_pods_on_their_nodes_own_network_and_those_that_ended_are_no_addresses_of_pods() -> None:
    hosted = pod("hosted", "172.18.0.2", spec={"hostNetwork": True})
    ended = pod("ended", "10.244.1.2", phase="Succeeded")
    text = firewall.ruleset([policy()], [WEB, hosted, ended, pod("new", "")], NAMESPACES)
    assert "172.18.0.2" not in text
    assert text.count("10.244.1.2 :") == 1
