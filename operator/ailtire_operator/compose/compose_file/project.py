"""Translates a whole project to one AiltireStack."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter

from ailtire_operator.compose.compose_file import (
    docker_compose,
    left_out,
    mounts,
    reimport,
    routes,
    services,
    source_files,
    traefik_settings,
    undeclared_ports,
)
from ailtire_operator.compose.compose_file.docker_compose import Choices
from ailtire_operator.compose.compose_file.entry import SERVICES, Entry
from ailtire_operator.compose.compose_file.name_references import NameReferences
from ailtire_operator.compose.compose_file.project_files import ProjectFiles
from ailtire_operator.compose.compose_file.project_networks import ProjectNetworks
from ailtire_operator.compose.compose_file.project_volumes import ProjectVolumes
from ailtire_operator.compose.compose_file.shared import ImageNames, Shared
from ailtire_operator.compose.errors import ApplicationError
from ailtire_operator.compose.files import own_folder
from ailtire_operator.compose.reporting import Report
from ailtire_operator.compose.scalars import accepts
from ailtire_operator.model.field_path import SPEC, FieldPath, path_of
from ailtire_operator.model.keys import ServiceKey

_KEY: Final = TypeAdapter(ServiceKey)
_SERVICES_LIMIT: Final = 500
_UNSET: Final = "Set the variables in .env, or use --env-from-shell for those of your shell; they are empty now"
_VARIABLE: Final = re.compile(r'The "?(\w+)"? variable is not set')


@dataclass(frozen=True)
class ComposeOptions:
    """Options for reading Compose files."""

    choices: Choices = field(default_factory=Choices)
    registry: str | None = None
    """Prefix of the names of built images."""
    tag: str | None = None
    with_secrets: bool = False
    """Write Secrets with the content of secrets that files or variables hold."""
    opened: tuple[str, ...] = ()
    """Accepted openings: services, routes, paths of the report."""
    root: Path | None = None
    """Files may be read below this folder; default: that of the first file."""


@dataclass(frozen=True)
class Read:
    """The result."""

    name: str
    """The stack's."""
    spec: dict[str, Any]
    secrets: tuple[dict[str, Any], ...]
    """Manifests of Secrets."""


def read_project(files: Sequence[Path], options: ComposeOptions, report: Report, *, name: Callable[[str], str]) -> Read:
    """The stack that Compose files describe; ``name`` makes its name from the project's. Raises ComposeError."""
    root = options.root or own_folder(files[0])
    as_written = source_files.read(files, root, options.choices, confined=docker_compose.is_confined())
    project = docker_compose.load(files, options.choices, root, as_written.swarm_secrets())
    for warning in project.warnings:
        if "`version`" not in warning:  # the key table has the message
            unset = _VARIABLE.search(warning)
            if unset:
                report.required(FieldPath(files[0].name), _UNSET, unset[1])
            else:
                report.approximate(FieldPath(files[0].name), f"Docker Compose: {warning}")
    as_written.restore_extensions(project.data)
    read = read_canonical(
        project.data, name(str(project.data.get("name") or files[0].parent.name)), root, options, report
    )
    as_written.report_lost(project.data, report)
    return read


def read_canonical(data: dict[str, Any], name: str, root: Path, options: ComposeOptions, report: Report) -> Read:
    """The stack that a project in canonical form describes; its files lie below ``root``. Raises ComposeError."""
    while True:
        trial = Report(report.opened)
        reader = _Reader(data, name, root, options, trial)
        spec = reader.spec()
        if not reader.closed:
            report.extend(trial.notices)
            return Read(name, spec, tuple(reader.files.manifests))
        closed = [path_of(SERVICES, key) for key in reader.closed]
        report.extend(
            each
            for each in trial.notices
            if each.classification == "closed" and any(each.where.is_below(service) for service in closed)
        )
        data = left_out.without(data, reader.closed)


class _Reader:
    """Reads one project in canonical form."""

    def __init__(self, data: dict[str, Any], name: str, root: Path, options: ComposeOptions, report: Report) -> None:
        self.name = name
        self.closed: list[str] = []
        """Services with a protection that cannot be kept; the project is read again without them."""
        self._report = report
        self._services: dict[str, Any] = data.get("services") or {}
        if len(self._services) > _SERVICES_LIMIT:
            message = f"the project has {len(self._services)} services; a stack has at most {_SERVICES_LIMIT}"
            raise ApplicationError(message)
        self._networks: dict[str, Any] = data.get("networks") or {}
        self._top = Entry(data, (), report)
        project = str(self._top.take("name"))
        self.files = ProjectFiles(
            self._top, project, name, root, with_secrets=options.with_secrets, variables=options.choices.variables
        )
        self._edge = routes.Edge()
        self._replaced: set[str] = set()
        hosts = _hosts(self._services)
        self._shared = Shared(
            ImageNames(project, options.registry, options.tag),
            ProjectNetworks(self._top, project),
            ProjectVolumes(self._top, project),
            self.files,
            NameReferences(hosts, report),
            hosts,
            services.links(self._services, self._top),
        )

    def spec(self) -> dict[str, Any]:
        self._shared.volumes.writable = mounts.writable_folders(self._services)
        members = self._members()
        self._report_left_out(members)
        _let_end(members)
        self._let_stay(members)
        undeclared_ports.let_in(self._services, self._networks, members, self._report)
        self._shared.volumes.report_shared()
        seeds = [each["seed"] for each in self._shared.volumes.data.values() if "seed" in each]
        self._shared.names.contents(self.files.configs, seeds)
        self._edge.close(self._report)
        self._top.close()
        spec: dict[str, Any] = {
            **self._profile(members),
            **reimport.root(self._services, self.name),
            "services": members,
            "networks": self._shared.networks.declared,
            "data": self._shared.volumes.data,
            "configs": self.files.configs,
            "secrets": self.files.secrets,
        }
        if self._edge.published and self._edge.prefixes:
            spec["interface"] = {"ports": self._edge.published}
        if self._edge.hosts and self._edge.prefixes:
            spec["edge"] = {"hosts": list(self._edge.hosts)}
        return {key: value for key, value in spec.items() if value or key == "services"}

    def _members(self) -> dict[str, Any]:
        self._edge.learn(self._services)
        gateways = [key for key, service in self._services.items() if traefik_settings.is_gateway(service)]
        for key in gateways:
            self._edge.front.learn(self._services[key])
        self._edge.claim({key: each for key, each in self._services.items() if key not in gateways})
        members: dict[str, Any] = {}
        for key, entry in self._top.each("services"):
            if key in gateways:
                self._replaced.add(key)
                traefik_settings.replace_gateway(key, self._services[key], self._edge.published, self._report)
                entry.forget()
            elif reimport.is_gateway(self._services[key]):
                self._replaced.add(key)
                for section, name in reimport.replace_gateway(key, self._services[key], self._report):
                    self.files.forget(section, name)
                entry.forget()
            elif not accepts(_KEY, key):
                message = "a service's key needs a letter or a digit, and at most 63 characters; it is left out."
                self._report.rejected(entry.path, message)
                entry.forget()
            elif (member := services.read(entry, self._shared, self._edge)) is not None:
                members[key] = member
            else:
                self.closed += [key] if entry.is_closed else []
                entry.forget()
        return members

    def _report_left_out(self, members: dict[str, Any]) -> None:
        """Remove and report dependencies on services that are left out; the gateway replaces some of these."""
        for key, member in members.items():
            waits = member.pop("dependsOn", {})
            for each in waits:
                if each not in members and each not in self._replaced:
                    message = f"'{each}' is not a service of the stack, so '{key}' does not wait for it."
                    self._report.rejected(path_of(SERVICES, key, "depends_on", each), message)
            if kept := {each: wait for each, wait in waits.items() if each in members}:
                member["dependsOn"] = kept

    def _let_stay(self, members: dict[str, Any]) -> None:
        """Restart on failure does not make a service a job, unless another service waits for its completion."""
        ending = {
            key
            for member in members.values()
            for key, wanted in member.get("dependsOn", {}).items()
            if wanted.get("condition") == "completed"
        }
        for key, member in members.items():
            deploy = member.get("deploy", {})
            policy = deploy.get("restartPolicy", {})
            if policy.get("condition") != "onFailure" or deploy.get("mode") or key in ending:
                continue
            kept = {name: value for name, value in policy.items() if name != "condition"}
            member["deploy"] = {**deploy, "restartPolicy": kept}
            if not kept:
                del member["deploy"]["restartPolicy"]
            if not member["deploy"]:
                del member["deploy"]
            inner = (self._services[key].get("deploy") or {}).get("restart_policy")
            place = ("deploy", "restart_policy", "condition") if inner else ("restart",)
            message = "it is not a job, so it is restarted whenever it ends."
            remedy = "Use deploy.mode: replicated-job if it ends."
            self._report.approximate(path_of(SERVICES, key, *place), message, remedy)

    def _profile(self, members: dict[str, Any]) -> dict[str, Any]:
        """The security profile: baseline, unless every service has a numeric user other than root."""
        if members and all(_is_modest(member) for member in members.values()):
            return {}
        message = (
            "baseline, because images expect Docker's defaults: root, and its capabilities; restricted is stricter."
        )
        self._report.resolved(path_of(SPEC, "securityProfile"), message)
        return {"securityProfile": "baseline"}


def _is_modest(member: dict[str, Any]) -> bool:
    """Whether a service works with ``restricted``."""
    return member.get("user", "0").partition(":")[0] != "0" and not member.keys() & {"capAdd", "sysctls", "securityOpt"}


def _let_end(members: dict[str, Any]) -> None:
    """Make services whose completion is awaited jobs, as Compose does not restart by default."""
    for member in members.values():
        for key, wanted in member.get("dependsOn", {}).items():
            deploy = members[key].get("deploy", {})
            if wanted.get("condition") == "completed" and deploy.get("mode", "replicated") == "replicated":
                restart = {"condition": "none", **deploy.get("restartPolicy", {})}
                members[key]["deploy"] = {**deploy, "restartPolicy": restart}


def _hosts(found: dict[str, Any]) -> frozenset[str]:
    """The host names of the containers."""
    names = set(found)
    for service in found.values():
        names |= {str(service.get("container_name") or "")}
        for network in (service.get("networks") or {}).values():
            names |= set((network or {}).get("aliases") or ())
    return frozenset(names - {""})
