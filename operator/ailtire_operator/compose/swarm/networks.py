"""Exports networks: memberships, aliases, and the file that creates each network.

``docker stack deploy`` creates only networks that services of the file use. So the first file that uses a network
creates it, and it is external in the others; parents are deployed before their children.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.compose.reporting import Report
from ailtire_operator.compose.swarm.branches import Branch
from ailtire_operator.compose.swarm.names import Names, legal, taken
from ailtire_operator.compose.swarm.shell import argument
from ailtire_operator.model.field_path import FieldPath, path_of
from ailtire_operator.model.network import Network
from ailtire_operator.model.problems import FieldError, InvalidStack
from ailtire_operator.plan.network.membership import OWN, NetworkId, shared_name

_DRIVER: Final = "overlay"


def own_network(stack: str) -> str:
    """The name of a stack's own network in Swarm."""
    return f"{stack}_{OWN}"


class NetworkFiles:
    """The networks of all files."""

    def __init__(self, branches: Sequence[Branch], names: Names, report: Report) -> None:
        self._names = names
        self._branches = {branch.name: branch for branch in branches}
        self._swarm: dict[NetworkId, str] = {}
        self._foreign: set[NetworkId] = set()
        self._made: dict[NetworkId, tuple[str, str]] = {}
        for branch in branches:
            self._name_all(branch, report)

    def _name_all(self, branch: Branch, report: Report) -> None:
        """Name every network of the stack; networks of different stacks with the same name are kept apart."""
        self._swarm[branch.networks.own] = own_network(branch.name)
        if branch.parent is None and branch.networks.parent is not None:
            self._swarm[branch.networks.parent] = own_network(branch.networks.parent.owner)
            self._foreign.add(branch.networks.parent)
        for key, network in branch.networks.by_key.items():
            if network in self._swarm:
                continue
            declared = branch.spec.networks[key]
            shared = shared_name(key, declared)
            path = path_of(branch.view.path, "networks", key)
            name = shared or f"{branch.name}_{legal(key)}"
            if network.owner not in self._branches or (declared.external and network.owner == branch.name):
                self._foreign.add(network)
                report.approximate(path, "no file creates this network.", f"Create it first: {_command(name)}")
            elif name in self._swarm.values():
                name = f"{branch.name}_{legal(key)}"
                report.resolved(path, f"another stack has a network of that name; this one is '{name}' in Swarm.")
            self._swarm[network] = name

    @property
    def needed(self) -> list[str]:
        """The commands for networks that no file creates."""
        return [_command(self._swarm[network]) for network in sorted(self._foreign)]

    def name(self, network: NetworkId) -> str:
        """The name in Swarm; for undeclared ones that of a network of a stack above."""
        own = network.key == OWN
        return self._swarm.get(network) or (own_network(network.owner) if own else f"{network.owner}_{network.key}")

    def join(
        self, branch: Branch, member: str, service: str, joined: dict[NetworkId, list[str]], document: dict[str, Any]
    ) -> dict[str, Any]:
        """The memberships of a service; its networks are added to the document.

        ``member`` is the plan's name of the service, ``service`` its key in the file.
        """
        result: dict[str, Any] = {}
        for network, wanted in joined.items():
            key = self._declare(branch, network, document)
            known = self._names.aliases.get((network, member), [])
            if network.owner not in self._branches:  # its other members are unknown
                known = [*known, *map(str.lower, wanted)]
            aliases = [each for each in dict.fromkeys(known) if each != service]
            result[key] = {"aliases": aliases} if aliases else None
        return result

    def _declare(self, branch: Branch, network: NetworkId, document: dict[str, Any]) -> str:
        """Declare a network in the document of a stack, and return its key there."""
        key = self._key(branch, network)
        section = document.setdefault("networks", {})
        name, stack = self.name(network), self._names.stack(branch)
        if key in section:
            if section[key]["name"] != name:
                raise InvalidStack([FieldError(path_of(branch.view.path, "networks"), taken("networks", key))])
            return key
        ours = network not in self._foreign and network.owner in self._branches
        if ours and self._made.setdefault(network, (stack, key)) == (stack, key):
            section[key] = {**self._definition(network), "name": name}
            if key == network.key == OWN:
                section[key].setdefault("labels", {})[naming.LABEL_NETWORK] = OWN  # for a later import
        else:
            section[key] = {"external": True, "name": name}
        return key

    def _key(self, branch: Branch, network: NetworkId) -> str:
        """The key of a network in a stack's file: the stack's own key, in a common file with the owner's prefix."""
        if self._names.common:
            owner = self._branches.get(network.owner)
            return self._names.part(owner, network.key) if owner else legal(f"{network.owner}-{network.key}")
        if network == branch.networks.own:
            return OWN
        if network == branch.networks.parent:
            return naming.PARENT_NETWORK
        mine = (key for key, each in branch.networks.by_key.items() if each == network)
        return legal(next(mine, f"{network.owner}-{network.key}"))

    def _definition(self, network: NetworkId) -> dict[str, Any]:
        """The definition by its owner."""
        owner = self._branches[network.owner]
        said = [owner.spec.networks[key] for key, each in owner.networks.by_key.items() if each == network]
        result: dict[str, Any] = {
            "driver": next((each.driver for each in said if each.driver), _DRIVER),
            "attachable": next((each.attachable for each in said if each.attachable is not None), True),
        }
        if network in owner.networks.internal:
            result["internal"] = True
        labels = {name: value for each in said for name, value in each.labels.items()}
        return result | ({"labels": labels} if labels else {})

    def report(self, branch: Branch, used: Iterable[NetworkId], report: Report) -> None:
        """Report parts of a stack's networks that are not in its file."""
        found = set(used)
        first: dict[NetworkId, str] = {}
        for key, declared in branch.spec.networks.items():
            path = path_of(branch.view.path, "networks", key)
            network = branch.networks.by_key.get(key)
            if declared.attachable is False and network in found:
                message = "Docker Compose drops false values, so an import does not restore it."
                report.resolved(path_of(path, "attachable"), message)
            if network is not None and first.setdefault(network, key) != key:
                message = f"'{key}' and '{first[network]}' are the same network by name, with the settings of both."
                report.resolved(path, message)
                report.resolved(path_of(branch.view.path, "networks", first[network]), message)
            elif _is_own(key) and network in found:
                self._report_own(path, declared, report)
            elif network is None:
                report.ignored(path, "the parent's network is built in, so this has no effect.")
            elif network not in found:
                report.ignored(path, "no service of the stack joins it, so Swarm does not create it.")
            elif network.owner != branch.name and declared.model_fields_set - {"name", "external"}:
                self._report_elsewhere(path, network, declared, report)
        for key, service in branch.spec.plain.items():
            self._report_names(branch, key, report)
            if naming.PARENT_NETWORK in service.networks and branch.networks.parent is None:
                path = branch.view.member_path(key, "networks", naming.PARENT_NETWORK)
                report.ignored(path, "the root has no parent, so there is no parent network to join.")

    def _report_own(self, path: FieldPath, declared: Network, report: Report) -> None:
        for name in sorted(declared.model_fields_set & {"name", "external"}):
            report.ignored(
                path_of(path, name), "it is the stack's own network, which has the stack's name.", "Remove it."
            )

    def _report_elsewhere(self, path: FieldPath, network: NetworkId, declared: Network, report: Report) -> None:
        for name in sorted(declared.model_fields_set - {"name", "external"}):
            message = f"the stack '{network.owner}' owns this network, and its settings are used."
            report.ignored(path_of(path, name), message, "Set it there.")

    def _report_names(self, branch: Branch, key: str, report: Report) -> None:
        """Report names that a service does not get."""
        member = naming.member(branch.name, key)
        for network, wanted in branch.joined(key).items():
            if network.owner not in self._branches:
                continue
            given = self._names.aliases.get((network, member), [])
            for name in (naming.sanitize(key), *map(str.lower, wanted)):
                if name not in given:
                    message = (
                        f"in '{self.name(network)}' the name '{name}' belongs to another member, or is not a host name."
                    )
                    report.ignored(branch.view.member_path(key, "networks"), message, "Choose another alias.")


def _is_own(key: str) -> bool:
    return key in naming.OWN_NETWORKS


def _command(name: str) -> str:
    return f"docker network create --driver {_DRIVER} --attachable {argument(name)}"
