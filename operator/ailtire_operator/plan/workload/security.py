"""Plans security contexts, and checks pods against the Pod Security Standard of their stack."""

from typing import Any

from ailtire_operator.model.field_path import SPEC, FieldPath, path_of
from ailtire_operator.model.place import SecurityProfile
from ailtire_operator.model.service import Service
from ailtire_operator.plan.scope import Scope
from ailtire_operator.plan.values import compact

_ORDER: tuple[SecurityProfile, ...] = ("restricted", "baseline", "privileged")
_ALLOWED_WHEN_RESTRICTED = frozenset({"NET_BIND_SERVICE"})
_ALLOWED_AT_BASELINE = _ALLOWED_WHEN_RESTRICTED | {
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "SETFCAP", "SETGID", "SETPCAP",
    "SETUID", "SYS_CHROOT",
}  # fmt: skip
_SAFE_SYSCTLS = frozenset(
    {
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.ping_group_range",
        "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes",
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_syncookies",
    }
)
_SELINUX_TYPES = frozenset({None, "container_t", "container_init_t", "container_kvm_t", "container_engine_t"})


def check_profile(scope: Scope) -> None:
    """Refuse a profile that the operator's settings do not allow."""
    if scope.security_profile == "privileged" and not scope.settings.allow_privileged:
        scope.refuse(
            path_of(SPEC, "securityProfile"),
            "this operator allows no privileged stacks; use baseline, or ask its administrator",
            gated=True,
        )


def require(scope: Scope, path: FieldPath, needed: SecurityProfile, what: str) -> None:
    """Refuse a field that the stack's profile does not allow; the namespace would refuse the pods."""
    if _ORDER.index(scope.security_profile) < _ORDER.index(needed):
        message = f"{what} needs securityProfile: {needed}, and the stack has {scope.security_profile}"
        scope.refuse(path, message, gated=True)


def pod(scope: Scope, key: str, service: Service, *, mounts: bool) -> dict[str, Any]:
    """The security context of the service's pods."""
    group = _file_group(scope, key, service)
    for name in service.sysctls:
        if name.replace("/", ".") not in _SAFE_SYSCTLS:
            path = scope.path(key, "sysctls", name)
            require(scope, path, "privileged", f"the kernel parameter {name}")
            message = (
                "Kubernetes considers this parameter unsafe, so the pods run only on nodes whose kubelet allows it."
            )
            scope.report(path, "approximate", message, "Start the kubelets with --allowed-unsafe-sysctls.")
    return compact(
        runAsNonRoot=True if scope.security_profile == "restricted" else None,
        seccompProfile={"type": "RuntimeDefault"},
        fsGroup=group if mounts else None,
        fsGroupChangePolicy="OnRootMismatch" if mounts and group is not None else None,
        supplementalGroups=list(service.group_add),
        sysctls=[{"name": name, "value": value} for name, value in sorted(service.sysctls.items())],
    )


def container(scope: Scope, key: str, service: Service) -> dict[str, Any]:
    """The security context of the service's container. Fields that the profile does not allow are refused."""
    restricted = scope.security_profile == "restricted"
    if service.privileged:
        require(scope, scope.path(key, "privileged"), "privileged", "a privileged container")
    closed = restricted or bool(service.security_opt and service.security_opt.no_new_privileges)
    return compact(
        **identity(service),
        privileged=service.privileged or None,
        allowPrivilegeEscalation=False if closed and not service.privileged else None,
        capabilities=_capabilities(scope, key, service),
        readOnlyRootFilesystem=service.read_only or None,
        **_modules(scope, key, service),
    )


def identity(service: Service) -> dict[str, int]:
    """User and group of the process."""
    user, _, group = (service.user or "").partition(":")
    return {name: int(value) for name, value in (("runAsUser", user), ("runAsGroup", group)) if value}


def _file_group(scope: Scope, key: str, service: Service) -> int | None:
    """The group of all files that a pod mounts: Kubernetes has one per pod."""
    own = identity(service)
    group = own.get("runAsGroup", own.get("runAsUser"))
    for field, mounts in (("configs", service.configs), ("secrets", service.secrets)):
        for name, mount in mounts.items():
            if mount.gid is not None:
                group = mount.gid if group is None else group
                if mount.gid != group:
                    message = f"all files of a pod have the same group, which is {group} here."
                    scope.report(scope.path(key, field, name, "gid"), "approximate", message)
            if mount.uid:
                message = f"the file belongs to root; the process reads it as group or as others (mode {mount.mode:o})."
                remedy = "" if mount.mode & 0o044 else "Set a mode with 0040 or 0004."
                scope.report(scope.path(key, field, name, "uid"), "approximate", message, remedy)
    return group


def _capabilities(scope: Scope, key: str, service: Service) -> dict[str, Any]:
    added = [name.removeprefix("CAP_") for name in service.cap_add]
    dropped = [name.removeprefix("CAP_") for name in service.cap_drop]
    for index, name in enumerate(added):
        if name not in _ALLOWED_WHEN_RESTRICTED:
            needed: SecurityProfile = "baseline" if name in _ALLOWED_AT_BASELINE else "privileged"
            require(scope, scope.path(key, "capAdd", index), needed, f"the capability {name}")
    if scope.security_profile == "restricted":
        if dropped and "ALL" not in dropped:
            message = "securityProfile: restricted drops all capabilities."
            scope.report(scope.path(key, "capDrop"), "approximate", message, "Add the needed ones to capAdd.")
        dropped = ["ALL"]
    return compact(add=added, drop=dropped)


def _modules(scope: Scope, key: str, service: Service) -> dict[str, Any]:
    """The fields for seccomp, AppArmor, SELinux and privilege escalation."""
    options, path = service.security_opt, scope.path(key, "securityOpt")
    if options is None:
        return {}
    if options.no_new_privileges is False:
        require(scope, path_of(path, "noNewPrivileges"), "baseline", "a process that may gain privileges")
    for name, value in (("seccomp", options.seccomp), ("apparmor", options.apparmor)):
        if value == "unconfined":
            require(scope, path_of(path, name), "privileged", f"a container without {name}")
    if options.systempaths:
        require(scope, path_of(path, "systempaths"), "privileged", "an unmasked /proc")
    label = options.label
    if label is not None and (label.type not in _SELINUX_TYPES or label.user or label.role):
        require(scope, path_of(path, "label"), "privileged", "a custom SELinux context")
    return compact(
        seccompProfile=_profile(options.seccomp),
        appArmorProfile=_profile(options.apparmor),
        seLinuxOptions=label.to_json() if label else None,
        procMount="Unmasked" if options.systempaths else None,
    )


def _profile(name: str | None) -> dict[str, str]:
    if name is None:
        return {}
    if name in ("default", "unconfined"):
        return {"type": "RuntimeDefault" if name == "default" else "Unconfined"}
    return {"type": "Localhost", "localhostProfile": name}
