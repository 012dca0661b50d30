"""Reads the tree of an application, its root's services file and those of its packages, as one spec."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.compose import environment
from ailtire_operator.compose.compose_file.docker_compose import Choices
from ailtire_operator.compose.compose_file.project import ComposeOptions, read_project
from ailtire_operator.compose.environment import VariableScope
from ailtire_operator.compose.errors import ApplicationError
from ailtire_operator.compose.reporting import Report, described
from ailtire_operator.compose.services_js import interfaces, services
from ailtire_operator.compose.services_js.application import PACKAGES, Application, Design, Package
from ailtire_operator.compose.services_js.networks import Networks
from ailtire_operator.compose.services_js.services import StackParts
from ailtire_operator.compose.services_js.volumes import Volumes
from ailtire_operator.model import images
from ailtire_operator.model.field_path import SPEC, FieldPath, path_of
from ailtire_operator.model.images import DEFINITION_SCHEME
from ailtire_operator.model.limits import DEPTH_LIMIT, TREE_LIMIT

_KEYS: Final = ("services", "networks", "policies", "data", "interface")
Remote = Callable[[str], Mapping[str, Any]]
"""Reads the spec at an address. Raises ApplicationError."""
_NO_CONTAINER: Final = "only the stack container used it, and there is none."
_IMAGE_LIMIT: Final = 512


@dataclass(frozen=True)
class _Place:
    """The position in the tree of the stack being read."""

    path: FieldPath
    """Path of its spec."""
    chain: tuple[str, ...]
    """The packages from the root down to this one."""
    variables: Mapping[str, str]
    """The environment of its stack container."""
    networks: Mapping[str, str]
    """Shared networks of the stacks above: name by key."""


class TreeReader:
    """Reads one application's tree and adds to the report."""

    def __init__(
        self,
        application: Application,
        registry: str | None,
        report: Report,
        choices: Choices | None = None,
        remote: Remote | None = None,
    ) -> None:
        """``remote`` reads a definition at an address; without it, addresses are refused."""
        self._remote = remote
        self._application = application
        self._registry = registry
        self._choices = choices or Choices()
        self._report = report
        self._used: set[str] = set()
        self.placed: list[tuple[str, FieldPath]] = []
        """The packages' names, and the paths of the specs that they became."""
        self._members = 0

    def root(self, app_name: str) -> dict[str, Any]:
        """The spec of the application's own stack, all below it included. Raises ComposeError."""
        package = self._application.root
        if package.design is None:
            raise ApplicationError(f"{package.file} has no services file to read")
        self._take(package)
        variables = {naming.VARIABLE_APPNAME: app_name}
        spec = self._spec(package.design, _Place(SPEC, (package.name.lower(),), variables, {}))
        self._report_unused()
        return spec

    def _spec(self, design: Design, place: _Place) -> dict[str, Any]:
        """The spec of one stack, from its services file or its Compose file."""
        return self._project(design, place) if design.compose else self._stack(design.data, place)

    def _project(self, design: Design, place: _Place) -> dict[str, Any]:
        """The spec of a stack that a Compose file describes. A service whose image is a package is that stack."""
        assert design.compose is not None
        report = Report(self._report.opened)
        options = ComposeOptions(self._choices, root=design.root)
        name = naming.shorten(naming.sanitize(place.chain[-1]))
        spec = dict(read_project([design.compose], options, report, name=lambda _: name).spec)
        spec.pop("securityProfile", None)  # the root's is used
        self._report.extend_at(
            design.file, (each for each in report.notices if each.where != path_of(SPEC, "securityProfile"))
        )
        if len(place.chain) > 1:
            spec.pop("interface", None)
            spec.pop("edge", None)
        members: dict[str, Any] = spec["services"]
        self._members += len(members)
        if self._members > TREE_LIMIT:
            raise ApplicationError(f"{place.path}: the tree has more than {TREE_LIMIT} services and stacks")
        for key, member in members.items():
            package = self._package(member["image"])
            if package is not None and package.name.lower() not in place.chain:
                members[key] = self._package_member(key, member, replace(place, networks={}))
        return spec

    def _package_member(self, key: str, member: dict[str, Any], place: _Place) -> dict[str, Any]:
        path = path_of(place.path, "services", key)
        kept: dict[str, Any] = {field: member[field] for field in ("interface", "networks") if field in member}
        lost = sorted(member.keys() - {"image", "environment", *kept})
        if lost:
            self._report.ignored(path, f"a child stack has no container, so these have no effect: {', '.join(lost)}.")
        return {"type": "stack", **kept, **self._definition(key, member, path, place)}

    def _stack(self, data: Mapping[str, Any], place: _Place) -> dict[str, Any]:
        """The spec of one stack, its children included."""
        report, path = self._report, place.path
        report.unknown(data, _KEYS, path)
        reason = "policies belong to services; upstream's generator does not read them here."
        report.unknown(
            report.mapping(data.get("policies"), path_of(path, "policies")), (), path_of(path, "policies"), reason
        )
        entries = self._entries(data, path)
        networks = Networks(data.get("networks"), place.networks, path, report)
        volumes = Volumes(path, report)
        volumes.declare(data.get("data"))
        parts = StackParts(networks, volumes, VariableScope(place.variables, _hosts(entries)), report)
        members = {key: self._member(key, entry, parts, place) for key, entry in entries.items()}
        found = {key: member for key, member in members.items() if member is not None}
        interfaces.report_duplicates(found, path, report)
        spec = {"services": found, "networks": networks.declared, "data": volumes.data}
        if len(place.chain) > 1:
            interfaces.child_ports(data.get("interface"), path, report)
        elif ports := interfaces.ports(data.get("interface"), path, report):
            spec["interface"] = {"ports": ports}
        return {name: value for name, value in spec.items() if value or name == "services"}

    def _entries(self, data: Mapping[str, Any], path: FieldPath) -> dict[str, dict[str, Any]]:
        """The services as maps. Raises ApplicationError if the tree is too large."""
        written = data.get("services")
        path = path_of(path, "services")
        if written is not None and not isinstance(written, dict):
            raise ApplicationError(f"{path} is {described(written)}, not a map of services")
        if not written:
            self._report.approximate(path, "there are no services; the stack is empty.")
        entries = {key: self._report.mapping(entry, path_of(path, key)) for key, entry in (written or {}).items()}
        self._members += len(entries)
        if self._members > TREE_LIMIT:
            raise ApplicationError(f"{path}: the tree has more than {TREE_LIMIT} services and stacks")
        return entries

    def _member(self, key: str, entry: dict[str, Any], parts: StackParts, place: _Place) -> dict[str, Any] | None:
        path = path_of(place.path, "services", key)
        if not services.is_stack(entry, path, self._report):
            return services.plain(entry, path, parts)
        fields = services.stack(entry, path, parts)
        return fields | self._definition(key, entry, path, replace(place, networks=parts.networks.named))

    def _definition(self, key: str, entry: Mapping[str, Any], path: FieldPath, place: _Place) -> dict[str, Any]:
        """The child's definition: the package that its image names, or a reference to a stack that may come later."""
        written = entry.get("image")
        reference = written.strip()[:_IMAGE_LIMIT] if isinstance(written, str) else ""
        if reference.startswith(DEFINITION_SCHEME):
            return self._fetched(reference, entry, path)
        package = self._package(reference)
        variables = environment.scalars(entry.get("environment"), path_of(path, "environment"), self._report)
        if package is not None and package.failure:
            raise package.failure
        if package is None or package.design is None:
            self._report_variables(variables, "", path_of(path, "environment"))
            return self._dangling(reference or key, package, path)
        chain = (*place.chain, package.name.lower())
        if chain[-1] in place.chain:
            cycle = " -> ".join(chain[place.chain.index(chain[-1]) :])
            raise ApplicationError(f"{path}: a stack cannot contain itself: {cycle}")
        if len(chain) > DEPTH_LIMIT + 1:
            raise ApplicationError(f"{path}: the tree is deeper than {DEPTH_LIMIT} levels")
        self._take(package)
        if variables:
            self._report_variables(variables, str(package.design.data), path_of(path, "environment"))
        app_name = place.variables[naming.VARIABLE_APPNAME]
        variables |= {naming.VARIABLE_APPNAME: app_name, naming.VARIABLE_SERVICENAME: key}
        where = path_of(path, "stack")
        self.placed.append((package.name, where))
        return {"stack": self._spec(package.design, _Place(where, chain, variables, place.networks))}

    def _fetched(self, address: str, entry: Mapping[str, Any], path: FieldPath) -> dict[str, Any]:
        """A child whose definition is in a registry."""
        if self._remote is None:
            message = f"'{address}' is read from another machine, which is done only with --remote-includes"
            raise ApplicationError(f"{path}: {message}")
        where = path_of(path, "environment")
        self._report_variables(environment.scalars(entry.get("environment"), where, self._report), "", where)
        try:
            return {"stack": dict(self._remote(address))}
        except ApplicationError as error:
            raise ApplicationError(f"{path}: {error}") from None

    def _report_variables(self, variables: Mapping[str, str], child: str, path: FieldPath) -> None:
        """The stack container's variables: Swarm interpolated them into the child's file, and so does import."""
        for name in variables:
            where = path_of(path, name)
            if f"${name}" in child or f"${{{name}" in child:
                message = f"the stack container used it; here it replaces ${{{name}}} in the child's services."
                self._report.resolved(where, message)
            else:
                self._report.ignored(where, _NO_CONTAINER, "Set it on the services of the child stack that need it.")

    def _dangling(self, reference: str, package: Package | None, path: FieldPath) -> dict[str, Any]:
        """A reference to a stack that does not exist yet; until it does, the status reports it."""
        name = naming.shorten(naming.sanitize(images.parse(reference).name))
        remedy = f"Apply an {naming.KIND} '{name}' with spec.templateOnly: true, or correct the image"
        if package is None:
            why = f"'{reference}' names no package of this application"
            similar = get_close_matches(images.parse(reference).name.lower(), self._application.packages, 1)
            remedy += f" (is it '{similar[0]}'?)." if similar else "."
        else:
            self._take(package)
            why, remedy = f"the package {package.file} has no services file", f"{remedy}."
        message = f"{why}; the stack is empty, which its status reports, until a stack '{name}' exists."
        self._report.approximate(path_of(path, "stackRef"), message, remedy)
        return {"stackRef": {"name": name, "optional": True}}

    def _package(self, reference: str) -> Package | None:
        """The package whose name is the image's, without its tag, with or without the registry."""
        name = images.parse(reference).name.lower()
        packages = self._application.packages
        registry = f"{self._registry.lower()}/" if self._registry else ""
        return packages.get(name) or packages.get(name.removeprefix(registry))

    def _take(self, package: Package) -> None:
        self._used.add(package.file)
        self._report.extend(package.notices)

    def _report_unused(self) -> None:
        packages = self._application.packages.values()
        names = [package.name for package in packages if package.file not in self._used]
        if names:
            self._report.ignored(
                FieldPath(PACKAGES),
                f"no stack of this environment runs these packages: {', '.join(names)}.",
                "Add a service with type: 'stack' and the package's name as its image.",
            )


def _hosts(entries: Mapping[str, Mapping[str, Any]]) -> frozenset[str]:
    """The names that containers of a stack can resolve."""
    names = {naming.GATEWAY_ALIAS, *entries}
    for entry in entries.values():
        listed = entry.get("networks")
        for network in listed.values() if isinstance(listed, dict) else ():
            aliases = network.get("aliases") if isinstance(network, dict) else None
            names |= {each for each in aliases if isinstance(each, str)} if isinstance(aliases, list) else set()
    return frozenset(names)
