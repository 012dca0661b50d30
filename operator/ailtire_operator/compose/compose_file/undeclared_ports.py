"""Decides which services need a headless Service, as peers may use ports that the file does not declare.

Docker Compose opens all ports between services. A Service with a ClusterIP only has its declared ports; a headless one
(``endpointMode: dnsrr``) resolves to its pods, with all their ports.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.compose.compose_file import reimport
from ailtire_operator.compose.compose_file.entry import SERVICES
from ailtire_operator.compose.environment import TASKS
from ailtire_operator.compose.host_mentions import mentions
from ailtire_operator.compose.reporting import Report
from ailtire_operator.model.field_path import path_of
from ailtire_operator.plan.network.membership import OWN

_SPEAKING: Final = ("environment", "command", "entrypoint", "healthcheck", "post_start", "pre_stop")
"""Keys of a service whose texts may have names of others."""
_Dialled = dict[str, set[int | None]]
"""By service: the ports that peers use; None for a mention without a port."""


def let_in(services: Mapping[str, Any], networks: Mapping[str, Any], members: dict[str, Any], report: Report) -> None:
    """Make members headless, unless peers only use their declared ports."""
    if any(reimport.is_own_network(key, each or {}) for key, each in networks.items()):
        return  # our own export: its ports were chosen for Kubernetes
    dialled = _dialled(services, members)
    joined = Counter(network for member in members.values() for network in _networks(member))
    for key, member in members.items():
        deploy = member.get("deploy", {})
        declared = {each["port"] for field in ("ports", "interface") for each in member.get(field, {}).values()}
        if not declared or deploy.get("mode", "").endswith("Job"):
            continue
        if all(joined[network] == 1 for network in _networks(member)):  # it has no peers
            continue
        if (known := dialled.get(key)) and known <= declared:
            continue
        if (services[key].get("deploy") or {}).get("endpoint_mode") == "vip":
            message = "peers reach only the declared ports of a stable address."
            place = path_of(SERVICES, key, "deploy", "endpoint_mode")
            report.approximate(place, message, "Write dnsrr, or name each port in expose.")
        else:
            member["deploy"] = {**deploy, "endpointMode": "dnsrr"}


def _networks(member: Mapping[str, Any]) -> set[str]:
    return {OWN if key in naming.OWN_NETWORKS else key for key in member.get("networks") or (OWN,)}


def _dialled(services: Mapping[str, Any], members: Mapping[str, Any]) -> _Dialled:
    meant: dict[str, set[str]] = {}
    for key, member in members.items():
        aliases = [each for network in (member.get("networks") or {}).values() for each in network.get("aliases", ())]
        for name in (key, naming.sanitize(key), f"{TASKS}{key}", *aliases):
            meant.setdefault(name, set()).add(key)
    found: _Dialled = {}
    for caller in members:
        for text in _texts([services[caller].get(key) for key in _SPEAKING]):
            for mention in mentions(text):  # a wrong match only makes a service headless
                for key in meant.get(mention.host, set()) - {caller}:
                    is_each = mention.host.startswith(TASKS)  # this name resolves to the tasks
                    found.setdefault(key, set()).add(None if is_each else mention.port)
    return found


def _texts(value: Any) -> Iterator[str]:
    """All texts in a value of the canonical form; without keys of maps."""
    if isinstance(value, str):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(each)
