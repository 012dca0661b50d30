"""Makes the Compose documents of a tree: one for each stack, or one for all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from ailtire_operator import naming
from ailtire_operator.compose.interpolation import literal
from ailtire_operator.compose.reporting import Report
from ailtire_operator.compose.swarm import configs, container, deploy, environment, names, ports, storage, versions
from ailtire_operator.compose.swarm.branches import Branch
from ailtire_operator.compose.swarm.configs import Configs
from ailtire_operator.compose.swarm.gateway import Setting, add_gateway
from ailtire_operator.compose.swarm.names import Names
from ailtire_operator.compose.swarm.networks import NetworkFiles
from ailtire_operator.compose.swarm.ports import Published
from ailtire_operator.compose.swarm.unsupported import report_child, report_stack
from ailtire_operator.model.problems import FieldError, InvalidStack
from ailtire_operator.model.service import Service

EndpointMode = Literal["vip", "dnsrr"]
_ORDER: Final = ("version", "services", "networks", "volumes", "configs", "secrets")


@dataclass(frozen=True)
class Documents:
    """The files of a tree."""

    files: Mapping[str, dict[str, Any]]
    """Documents by stack in Swarm, in the order of deployment."""
    beside: Mapping[str, bytes]
    """Files that the documents refer to, by path."""
    needed: tuple[str, ...]
    """Commands to run before the deployment."""


def documents(
    branches: Sequence[Branch], report: Report, *, single: bool = False, endpoint_mode: EndpointMode = "vip"
) -> Documents:
    """The documents. Raises InvalidStack for what is not possible as written, or not in one file."""
    found: Names = names.together(branches) if single else names.separate(branches)
    networks = NetworkFiles(branches, found, report)
    published = Published(on_nodes=endpoint_mode == "dnsrr", report=report)
    below = {(branch.parent.name, branch.key): branch for branch in branches if branch.parent}
    setting = Setting(found, networks, published, Configs(), below, endpoint_mode, report)
    files: dict[str, dict[str, Any]] = {}
    for branch in branches:
        document = files.setdefault(found.stack(branch), {"services": {}})
        _add(branch, setting, document)
    for stack, document in files.items():
        document["version"] = versions.lowest(document)
        files[stack] = literal({section: document[section] for section in _ORDER if section in document})
    return Documents(files, setting.contents.files, (*networks.needed, *setting.contents.needed))


def _add(branch: Branch, setting: Setting, document: dict[str, Any]) -> None:
    """Add a stack to a document."""
    report, found = setting.report, setting.names
    report_stack(branch, report)
    if found.stack(branch) != branch.name and not found.common:
        message = f"the name is too long for Swarm with the longest key, so the stack is '{found.stack(branch)}' there."
        report.resolved(branch.view.path, message)
    joined = set()
    for key, service in branch.spec.plain.items():
        document["services"][found.service(branch, key)] = _service(branch, key, service, setting, document)
        joined |= set(branch.joined(key))
    for key in branch.spec.children:
        report_child(branch, key, setting.below.get((branch.name, key)), report)
        joined |= set(branch.joined(key)) if key in branch.reachable_children else set()
    setting.networks.report(branch, joined, report)
    shared = {"volumes": storage.volumes(branch, found, report)}
    shared |= configs.sections(branch, found, setting.contents, report)
    for section, entries in shared.items():
        for key, entry in entries.items():
            if document.setdefault(section, {}).setdefault(key, entry) is not entry:
                raise InvalidStack([FieldError(branch.view.path, names.taken(section, key))])
        if not document.get(section):
            document.pop(section, None)
    add_gateway(branch, setting, document)


def _service(branch: Branch, key: str, service: Service, setting: Setting, document: dict[str, Any]) -> dict[str, Any]:
    report, found = setting.report, setting.names
    name = found.service(branch, key)
    if name != key and not found.common:
        answers = naming.sanitize(key)
        report.resolved(branch.view.member_path(key), f"it is '{name}' in the file, and '{answers}' for peers.")
    opened = ports.ports(branch, key, service, setting.published, found.host(branch, key), report)
    held = ports.holds_port(opened["ports"])
    fields = {
        "image": branch.view.resolve(service.image or ""),
        **container.process(branch, key, service, report),
        "environment": environment.for_service(branch, found, key, service, report),
        "depends_on": [found.service(branch, other) for other in container.depends_on(branch, key, service, report)],
        "healthcheck": container.healthcheck(branch, key, service, report),
        **opened,
        "volumes": storage.mounts(branch, found, key, service, report),
        "configs": configs.mounts(branch, found, service, "configs"),
        "secrets": configs.mounts(branch, found, service, "secrets"),
        "networks": setting.networks.join(branch, naming.member(branch.name, key), name, branch.joined(key), document),
        "deploy": deploy.deploy(branch, key, service, report, endpoint_mode=setting.endpoint_mode, holds_port=held),
    }
    return {field: value for field, value in fields.items() if value not in (None, {}, [])}
