"""Reports values that have no effect where they are written."""

from ailtire_operator.model import additional
from ailtire_operator.model.field_path import SPEC, path_of
from ailtire_operator.model.loading import sound_levels
from ailtire_operator.model.policies import Policies
from ailtire_operator.model.service import Service
from ailtire_operator.model.stack import StackSpec
from ailtire_operator.plan import image_overrides
from ailtire_operator.plan.network.membership import has_gateway
from ailtire_operator.plan.scope import Scope

_NO_POLICIES = Policies()
_IN_TURN = "each replaces the other's, and a caller of both is kept at neither."
OF_A_ROUTE = ("timeout", "retry", "access_control", "logging", "max_body", "session")
"""Policies that the gateway implements for HTTP routes."""
OF_A_STACK = frozenset(
    {"type", "stack", "stack_ref", "interface", "networks", "policies", "depends_on", "restarted_at", "stopped"}
)
"""Fields of a member that apply to a stack; the others are about a container."""

_INHERITED = frozenset({"replicas", "max_body"})
"""Gateway settings that the gateways below inherit."""


def report(scope: Scope) -> None:
    """Report all such values of the stack."""
    _gateway(scope)
    _edge(scope)
    image_overrides.report(scope)
    _volumes(scope)
    _files(scope)
    if scope.spec.app_name and scope.spec.app_name != scope.stack.app_name:
        message = f"the root sets the application's name for the whole tree: '{scope.stack.app_name}'."
        scope.report(path_of(SPEC, "appName"), "ignored", message)
    _of_the_root(scope)
    _kinds(scope)
    _accounts(scope)
    _variables(scope)
    _sessions(scope)
    for key, service in scope.spec.services.items():
        _routes(scope, key, service)
        if service.is_stack:
            _child(scope, key, service)
        else:
            _container(scope, key, service)


def _of_the_root(scope: Scope) -> None:
    """Report what is about the whole tree, below its root."""
    if scope.spec.place is None:
        if scope.spec.update_policy is not None and scope.spec.revision_history_limit == 0:
            message = "no revision is kept to which the tree could go back."
            scope.report(
                path_of(SPEC, "updatePolicy"),
                "ignored",
                message,
                "Remove revisionHistoryLimit, or let it be 1 or more.",
            )
        return
    for field, there in (
        ("revisionHistoryLimit", scope.spec.revision_history_limit),
        ("updatePolicy", scope.spec.update_policy),
    ):
        if there is not None:
            message = "revisions are of the whole tree, and its root has them."
            scope.report(path_of(SPEC, field), "ignored", message, "Set it in the root stack.")


def _gateway_devices(scope: Scope) -> None:
    resources = scope.spec.gateway.resources if scope.spec.gateway else None
    reserved = resources.reservations if resources else None
    for field in ("devices", "genericResources", "claimTemplates"):
        if reserved and reserved.model_dump(by_alias=True)[field]:
            path = path_of(SPEC, "gateway", "resources", "reservations", field)
            scope.report(path, "ignored", "a gateway reserves processors and memory alone.", "Remove it.")


def _gateway(scope: Scope) -> None:
    _gateway_devices(scope)
    if scope.spec.has_interface:
        if scope.spec.interface is not None and scope.spec.place is not None:
            message = "only the root's gateway has additional ports."
            scope.report(path_of(SPEC, "interface"), "ignored", message, "Set it in the root stack.")
        return
    unused = {"gateway": scope.spec.gateway is not None and not _is_inherited(scope), "interface": scope.spec.interface}
    for field, there in unused.items():
        if there:
            message = "no service has an interface, so there is no gateway."
            scope.report(path_of(SPEC, field), "ignored", message, "Give a service an interface.")


def _is_inherited(scope: Scope) -> bool:
    """Whether the gateways below inherit everything that is set for this one."""
    said = scope.spec.gateway.model_fields_set if scope.spec.gateway else frozenset()
    return bool(scope.spec.children and said) and said <= _INHERITED


def _edge(scope: Scope) -> None:
    edge = scope.spec.edge
    if edge is None:
        return
    unused = {"parentRef": edge.parent_ref} if edge.kind == "Ingress" else {"className": edge.class_name}
    for name, value in unused.items():
        if value is not None:
            scope.report(path_of(SPEC, "edge", name), "ignored", f"an {edge.kind} does not support it.", "Remove it.")
    if edge.kind == "HTTPRoute" and edge.tls is not None:
        message = "the certificate of an HTTPRoute belongs to its Gateway's listener, so this only makes URLs https."
        scope.report(
            path_of(SPEC, "edge", "tls", "secretName"), "ignored", message, "Give the listener the certificate."
        )


def _variables(scope: Scope) -> None:
    """Report variables of the subtree that every service of it sets itself, as far as the stack itself shows it."""
    members = scope.spec.plain.values()
    for name in scope.spec.env if members and not scope.spec.children else ():
        if all(name in each.environment or name in each.environment_values_from for each in members):
            message = "every service sets this variable itself, which takes precedence."
            scope.report(path_of(SPEC, "env", name), "ignored", message, "Remove it here or there.")


def _kinds(scope: Scope) -> None:
    """Report additional kinds that no stack uses, or that no ancestor declares, in which case none is made."""
    below = None if scope.spec.place else _kinds_below(scope)
    for index, kind in enumerate(scope.spec.additional_kinds):
        path = path_of(SPEC, "additionalKinds", index)
        if scope.spec.place and kind not in scope.spec.place.additional_kinds:
            message = f"no stack above declares {kind}, so none is made."
            scope.report(path, "ignored", message, "Declare it in the root stack.")
        elif below is not None and kind not in below:
            message = f"no stack below uses {kind}, but its author still needs the permission for it."
            scope.report(path, "ignored", message, "Remove it.")


def _accounts(scope: Scope) -> None:
    """Report service accounts that no service has, or that no ancestor declares, in which case no pod has them."""
    used = None if scope.spec.place or not scope.spec.service_accounts else _accounts_used(scope)
    for index, name in enumerate(scope.spec.service_accounts):
        path = path_of(SPEC, "serviceAccounts", index)
        if scope.spec.place and name not in scope.spec.place.service_accounts:
            message = f"no stack above declares '{name}', so no service can have it."
            scope.report(path, "ignored", message, "Declare it in the root stack.")
        elif used is not None and name not in used:
            message = f"no service has '{name}', but its author still needs the permission for it."
            scope.report(path, "ignored", message, "Remove it.")


def _accounts_used(scope: Scope) -> set[str | None] | None:
    """The service accounts of all services here and below; None if a template is missing, which may use any."""
    found: set[str | None] = set()
    for level in sound_levels(scope.name, scope.spec, scope.observed.templates):
        if _lacks_a_template(level.spec, scope):
            return None
        found.update(service.service_account_name for service in level.spec.plain.values())
    return found


def _lacks_a_template(spec: StackSpec, scope: Scope) -> bool:
    references = (each.stack_ref for each in spec.children.values())
    return any(each is not None and each.name not in scope.observed.templates for each in references)


def _kinds_below(scope: Scope) -> set[str] | None:
    """The additional kinds that stacks below use; None if a template is missing, which may use any."""
    found: set[str] = set()
    for level in sound_levels(scope.name, scope.spec, scope.observed.templates):
        if _lacks_a_template(level.spec, scope):
            return None
        if level.parent:
            found.update(kind for _, kind in additional.used(level.spec))
    return found


def _volumes(scope: Scope) -> None:
    mounted = {mount.source for service in scope.spec.plain.values() for mount in service.volumes.values()}
    for key, data in scope.spec.data.items():
        if data.per_replica and key not in mounted:
            message = "no service mounts it, so no volume is created."
            scope.report(path_of(SPEC, "data", key), "ignored", message, "Mount it, or remove it.")


def _files(scope: Scope) -> None:
    """Configs and secrets of others that no service reads; a config with content makes an object in any case."""
    plain = scope.spec.plain.values()
    configs: set[str | None] = {mount.source or key for service in plain for key, mount in service.configs.items()}
    configs |= {data.seed for data in scope.spec.data.values()}
    secrets = {mount.source or key for service in plain for key, mount in service.secrets.items()}
    elsewhere = {key for key, config in scope.spec.configs.items() if config.config_map is not None}
    for field, unread in (("configs", elsewhere - configs), ("secrets", scope.spec.secrets.keys() - secrets)):
        for key in sorted(unread):
            message = "no service uses it, so the object is never read."
            scope.report(path_of(SPEC, field, key), "ignored", message, "Name it in a service, or remove it.")


def _routes(scope: Scope, key: str, service: Service) -> None:
    web = [entry for entry in service.interface.values() if entry.protocol != "tcp"]
    policies = service.policies or _NO_POLICIES
    for field in () if web else OF_A_ROUTE:
        if getattr(policies, field) is not None:
            name = Policies.model_fields[field].alias or field
            message = "the gateway applies it to HTTP routes, and the service has none."
            scope.report(scope.path(key, "policies", name), "ignored", message, "Give it an interface.")
    for label, entry in service.interface.items():
        if entry.protocol == "tcp" and "path" in entry.model_fields_set:
            path = scope.path(key, "interface", label, "path")
            scope.report(path, "ignored", "a TCP entry has no path.", "Remove it.")


def _sessions(scope: Scope) -> None:
    """Report cookies by which the gateway does not find a caller's replica again: their value is of one port."""
    names: dict[str, str] = {}
    for key, service in sorted(scope.spec.plain.items()):
        ports = {entry.port for entry in service.interface.values() if entry.protocol != "tcp"}
        if not ports or service.policies is None or service.policies.session is None:
            continue
        path = scope.path(key, "policies", "session", "cookie")
        other = names.setdefault(service.policies.session.cookie, key)
        if other != key:
            scope.report(path, "approximate", f"service '{other}' has the same one: {_IN_TURN}", "Use another name.")
        if len(ports) > 1:
            message, remedy = (
                f"its routes lead to several ports: {_IN_TURN}",
                "Let one answer, or make two services of it.",
            )
            scope.report(path, "approximate", message, remedy)


def _child(scope: Scope, key: str, service: Service) -> None:
    for field in sorted(service.model_fields_set - OF_A_STACK):
        if getattr(service, field):
            name = type(service).model_fields[field].alias or field
            message = "a child stack has no container of its own, so this has no effect."
            remedy = "Set it on the services of the child, or on its gateway."
            scope.report(scope.path(key, name), "ignored", message, remedy)
    if service.policies and service.policies.scaling:
        message = "a child stack has no replicas of its own to scale."
        scope.report(scope.path(key, "policies", "scaling"), "ignored", message, "Set it on the services of the child.")
    if service.policies and service.policies.session:
        message = "each gateway keeps sessions for the services of its own stack."
        scope.report(scope.path(key, "policies", "session"), "ignored", message, "Set it on the services of the child.")
    missing = service.stack_ref is not None and service.stack_ref.name not in scope.observed.templates
    if not missing and not has_gateway(service, scope.observed.templates):
        message = "no service inside has an interface, so the child has no gateway and nothing answers here."
        remedy = "Give a service of the child an interface."
        for label in service.interface:
            scope.report(scope.path(key, "interface", label), "ignored", message, remedy)
        for network, membership in service.networks.items():
            if membership.aliases:
                scope.report(scope.path(key, "networks", network), "ignored", message, remedy)


def _container(scope: Scope, key: str, service: Service) -> None:
    for name in sorted(set(service.environment) & set(service.environment_values_from)):
        path = scope.path(key, "environmentValuesFrom", name)
        scope.report(
            path, "ignored", "environment sets this variable too, and takes precedence.", "Remove one of them."
        )
    for name, mount in service.volumes.items():
        if mount.source is not None and (mount.size is not None or "medium" in mount.model_fields_set):
            message = "size and medium apply only to volumes without a source."
            scope.report(scope.path(key, "volumes", name), "ignored", message, "Set the size in spec.data.")
    if service.command == [] and service.entrypoint is None:
        message = "Kubernetes cannot clear an image's command, so the image's own is used."
        scope.report(scope.path(key, "command"), "ignored", message, "Set entrypoint, which replaces both.")
    seen: dict[tuple[int, str], str] = {}
    for name, port in sorted(service.ports.items()):
        other = seen.setdefault((port.port, port.protocol), name)
        if other != name:
            message = f"port {port.port} of {port.protocol} is '{other}' already."
            scope.report(scope.path(key, "ports", name), "ignored", message, "Remove one of them.")
    if (service.user or "").partition(":")[0] == "0" and scope.security_profile == "restricted":
        message = "user 0 is root, and securityProfile: restricted lets no pod run as root."
        scope.report(scope.path(key, "user"), "rejected", message, "Use another user, or securityProfile: baseline.")
