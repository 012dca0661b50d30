"""From an Ailtire application to AiltireStacks: one resource with its packages as inline children, and a report."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter

from ailtire_operator import naming
from ailtire_operator.compose import environment, images, interfaces, services
from ailtire_operator.compose.application import PACKAGES, Application, Package, read_application
from ailtire_operator.compose.environment import Surroundings
from ailtire_operator.compose.errors import ApplicationError
from ailtire_operator.compose.networks import Networks
from ailtire_operator.compose.reporting import Report, described
from ailtire_operator.compose.scalars import accepts
from ailtire_operator.compose.services import StackParts
from ailtire_operator.compose.volumes import Volumes
from ailtire_operator.model.loading import levels, parse_stack
from ailtire_operator.model.problems import InvalidStack, path_of
from ailtire_operator.model.report import Notice
from ailtire_operator.model.stack import DEPTH_LIMIT, TREE_LIMIT, StackSpec
from ailtire_operator.model.values import StackName

_KEYS: Final = ("services", "networks", "policies", "data", "interface")
_BUILT_IN_HOSTS: Final = frozenset({naming.GATEWAY_ALIAS})


@dataclass(frozen=True)
class Imported:
    """What an application became."""

    resources: tuple[dict[str, Any], ...]
    """AiltireStack manifests, without a namespace."""
    notices: tuple[Notice, ...]
    """The translation report."""


def import_application(path: Path, *, env: str | None, registry: str | None, name: str | None = None) -> Imported:
    """The application in a folder, or one services.js, as AiltireStacks.

    ``env`` chooses the environment, ``registry`` goes before images that name none, ``name`` is the resource's where
    the one in deploy.js (or the folder's) should not be. Raises ComposeError, with the place of what cannot be read.
    """
    application = read_application(path, env)
    importer = _Importer(application, registry)
    resource = importer.resource(name)
    _check(resource)
    return Imported((resource,), importer.report.notices)


def _check(resource: dict[str, Any]) -> None:
    """What an import writes can be applied: else it says why there is nothing to write. Raises ApplicationError."""
    try:
        stack = parse_stack(resource)
        for _ in levels(stack.name, stack.spec, {}):
            pass
    except InvalidStack as error:
        raise ApplicationError(f"the application does not fit into an {naming.KIND}: {error}") from None


@dataclass(frozen=True)
class _Place:
    """Where in the tree a stack is being read."""

    path: str
    chain: tuple[str, ...]
    """The packages from the root down to this one."""
    variables: Mapping[str, str]
    """The environment of its stack container."""
    networks: Mapping[str, str]
    """Networks that stacks above share: name by key."""


class _Importer:
    """Reads one application; the report grows on the way."""

    def __init__(self, application: Application, registry: str | None) -> None:
        self._application = application
        self._registry = registry.rstrip("/") if registry else None
        self._used: set[str] = set()
        self._members = 0
        self.report = Report()
        self.report.extend(application.notices)

    def resource(self, name: str | None) -> dict[str, Any]:
        """The application's root as a manifest."""
        root = self._application.root
        app = root.name.lower()
        resource_name = self._resource_name(name or root.name)
        head: dict[str, Any] = {}
        if app != resource_name and _is_valid("app_name", app):
            head["appName"] = app
        for field, key, value in (
            ("environment", "environment", self._application.environment),
            ("image_registry", "imageRegistry", self._registry),
        ):
            if value is not None and not _is_valid(field, value):
                raise ApplicationError(f"'{value}' cannot be spec.{key}")
            if value is not None:
                head[key] = value
        head["securityProfile"] = "baseline"
        self.report.approximate(
            "spec.securityProfile",
            "baseline, because images of an Ailtire application expect Docker's defaults: root, and its capabilities.",
            "Set it to restricted once every image runs under a numeric user.",
        )
        variables = {naming.VARIABLE_APPNAME: head.get("appName", resource_name)}
        if root.design is None:
            raise ApplicationError(f"{root.file} has no services file to read")
        self._take(root)
        spec = {**head, **self._stack(root.design.data, _Place("spec", (root.name.lower(),), variables, {}))}
        self._report_unused()
        return {
            "apiVersion": naming.API_VERSION,
            "kind": naming.KIND,
            "metadata": {"name": resource_name},
            "spec": spec,
        }

    def _resource_name(self, written: str) -> str:
        name = naming.sanitize(written)
        if not name[0].isalpha():
            name = (
                f"{self._application.environment or 'stack'}-{name}"
                if (self._application.environment or "stack")[0].isalpha()
                else f"stack-{name}"
            )
            name = naming.sanitize(name)
        name = naming.shorten(name)
        if name != written:
            self.report.resolved("metadata.name", f"'{written}' became '{name}', a name that Kubernetes takes.")
        if not accepts(TypeAdapter(StackName), name):
            raise ApplicationError(f"'{written}' cannot become the name of a stack; give one with --name")
        return name

    def _stack(self, data: Mapping[str, Any], place: _Place) -> dict[str, Any]:
        """The spec of one stack, its children included."""
        report, path = self.report, place.path
        report.unknown(data, _KEYS, path)
        policies = report.mapping(data.get("policies"), f"{path}.policies")
        report.unknown(
            policies,
            (),
            f"{path}.policies",
            "policies belong to services; upstream's generator does not read them here.",
        )
        entries = self._entries(data, path)
        networks = Networks(data.get("networks"), place.networks, path, report)
        volumes = Volumes(path, report)
        volumes.declare(data.get("data"))
        hosts = _hosts(entries)
        parts = StackParts(networks, volumes, Surroundings(place.variables, hosts), report)
        members = {key: self._member(key, entry, parts, place) for key, entry in entries.items()}
        found = {key: member for key, member in members.items() if member is not None}
        interfaces.report_duplicates(found, path, report)
        spec = {"services": found, "networks": networks.declared, "data": volumes.data}
        if len(place.chain) > 1:
            interfaces.child_ports(data.get("interface"), path, report)
        elif ports := interfaces.ports(data.get("interface"), path, report):
            spec["interface"] = {"ports": ports}
        return {name: value for name, value in spec.items() if value or name == "services"}

    def _entries(self, data: Mapping[str, Any], path: str) -> dict[str, dict[str, Any]]:
        """The services as maps. Raises ApplicationError where the tree grows too large."""
        written = data.get("services")
        if written is not None and not isinstance(written, dict):
            raise ApplicationError(f"{path}.services is {described(written)}, not a map of services")
        if not written:
            self.report.approximate(f"{path}.services", "there are no services; the stack is empty.")
        entries = {
            key: self.report.mapping(entry, path_of(f"{path}.services", key)) for key, entry in (written or {}).items()
        }
        self._members += len(entries)
        if self._members > TREE_LIMIT:
            raise ApplicationError(f"{path}: the tree has more than {TREE_LIMIT} services and stacks")
        return entries

    def _member(self, key: str, entry: dict[str, Any], parts: StackParts, place: _Place) -> dict[str, Any] | None:
        path = path_of(f"{place.path}.services", key)
        if not services.is_stack(entry, path, self.report):
            return services.plain(entry, path, parts)
        return {
            **services.stack(entry, path, parts),
            **self._definition(key, entry, path, replace(place, networks=parts.networks.named)),
        }

    def _definition(self, key: str, entry: Mapping[str, Any], path: str, place: _Place) -> dict[str, Any]:
        """The child's definition: the package that its image names, or a reference to a stack that may come later."""
        written = entry.get("image")
        reference = written.strip() if isinstance(written, str) else ""
        package = self._package(reference)
        if package is not None and package.failure:
            raise package.failure
        if package is None or package.design is None:
            return self._dangling(key, reference, package, entry, path)
        chain = (*place.chain, package.name.lower())
        if chain[-1] in place.chain:
            cycle = " -> ".join(chain[place.chain.index(chain[-1]) :])
            raise ApplicationError(f"{path}: a stack cannot contain itself: {cycle}")
        if len(chain) > DEPTH_LIMIT + 1:
            raise ApplicationError(f"{path}: the tree is deeper than {DEPTH_LIMIT} levels")
        self._take(package)
        below = f"{path}.stack"
        variables = {**self._container(key, entry, path, package, place)}
        return {"stack": self._stack(package.design.data, _Place(below, chain, variables, place.networks))}

    def _container(
        self, key: str, entry: Mapping[str, Any], path: str, package: Package, place: _Place
    ) -> dict[str, str]:
        """The environment of the child's stack container: what Swarm would interpolate into the child's file."""
        where = f"{path}.environment"
        own = environment.scalars(entry.get("environment"), where, self.report)
        text = str(package.design.data if package.design else "")
        for name in own:
            used = any(form in text for form in (f"${name}", f"${{{name}"))
            self.report.add(
                path_of(where, name),
                "resolved" if used else "ignored",
                f"the stack container read it; here it fills ${{{name}}} in the child's services."
                if used
                else "only the stack container read it, and there is none.",
                "" if used else "Set it on the services of the child stack that need it.",
            )
        return {
            **own,
            naming.VARIABLE_APPNAME: place.variables[naming.VARIABLE_APPNAME],
            naming.VARIABLE_SERVICENAME: key,
        }

    def _dangling(
        self, key: str, reference: str, package: Package | None, entry: Mapping[str, Any], path: str
    ) -> dict[str, Any]:
        name = naming.shorten(naming.sanitize(images.parse(reference[:512]).name or key))
        for variable in environment.scalars(entry.get("environment"), f"{path}.environment", self.report):
            self.report.ignored(
                path_of(f"{path}.environment", variable), "only the stack container read it, and there is none."
            )
        why = (
            f"'{reference}' names no package of this application"
            if package is None
            else f"the package {package.file} has no services file"
        )
        if package is not None:
            self._take(package)
        self.report.approximate(
            f"{path}.stackRef",
            f"{why}; the stack stays empty, and the status says so, until there is a stack '{name}'.",
            f"Apply an {naming.KIND} '{name}' with spec.template: true, or correct the image.",
        )
        return {"stackRef": {"name": name, "optional": True}}

    def _package(self, reference: str) -> Package | None:
        """The package whose name is the image's, without its tag, with or without the registry."""
        name = images.parse(reference[:512]).name.lower()
        packages = self._application.packages
        registry = f"{self._registry.lower()}/" if self._registry else ""
        return packages.get(name) or (packages.get(name.removeprefix(registry)) if registry else None)

    def _take(self, package: Package) -> None:
        self._used.add(package.file)
        self.report.extend(package.notices)

    def _report_unused(self) -> None:
        packages = self._application.packages.values()
        names = [package.name for package in packages if package.file not in self._used]
        if names:
            self.report.ignored(
                PACKAGES,
                f"no stack of this environment runs these packages: {', '.join(names)}.",
                "Add a service with type: 'stack' and the package's name as its image where one belongs.",
            )


def _hosts(entries: Mapping[str, Mapping[str, Any]]) -> frozenset[str]:
    """The names that containers of a stack can resolve."""
    aliases: set[str] = set()
    for entry in entries.values():
        listed = entry.get("networks")
        for network in listed.values() if isinstance(listed, dict) else ():
            found = network.get("aliases") if isinstance(network, dict) else None
            aliases |= {each for each in found if isinstance(each, str)} if isinstance(found, list) else set()
    return frozenset({*entries, *aliases}) | _BUILT_IN_HOSTS


def _is_valid(field: str, value: str) -> bool:
    """Whether a field of the spec takes the value."""
    return accepts(TypeAdapter(StackSpec), {field: value})
