"""The Pod Security Standards, as far as a pod of ours can break them. A cluster test lets the real admission judge."""

from typing import Any

_FORBIDDEN_VOLUMES = {"hostPath", "gcePersistentDisk", "awsElasticBlockStore", "nfs", "iscsi"}
_BASELINE_CAPABILITIES = {
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP",
    "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
}  # fmt: skip


def baseline_violations(pod: dict[str, Any]) -> list[str]:
    """What of the pod's spec the baseline standard refuses."""
    found = [name for name in ("hostNetwork", "hostPID", "hostIPC") if pod.get(name)]
    found += ["hostPath" for volume in pod.get("volumes", []) if "hostPath" in volume]
    for container in pod["containers"]:
        security = container.get("securityContext", {})
        found += ["privileged"] if security.get("privileged") else []
        added = set(security.get("capabilities", {}).get("add", []))
        found += sorted(added - _BASELINE_CAPABILITIES)
        found += ["hostPort" for port in container.get("ports", []) if port.get("hostPort")]
    return found


def restricted_violations(pod: dict[str, Any]) -> list[str]:
    """What of the pod's spec the restricted standard refuses."""
    found = baseline_violations(pod)
    of_pod = pod.get("securityContext", {})
    for volume in pod.get("volumes", []):
        found += sorted(_FORBIDDEN_VOLUMES.intersection(volume))
    for container in pod["containers"]:
        security = {**{key: of_pod[key] for key in ("runAsNonRoot", "runAsUser", "seccompProfile") if key in of_pod}}
        security |= container.get("securityContext", {})
        if security.get("runAsNonRoot") is not True:
            found.append("runAsNonRoot")
        if security.get("runAsUser") == 0:
            found.append("runAsUser")
        if security.get("allowPrivilegeEscalation") is not False:
            found.append("allowPrivilegeEscalation")
        if security.get("seccompProfile", {}).get("type") not in ("RuntimeDefault", "Localhost"):
            found.append("seccompProfile")
        capabilities = security.get("capabilities", {})
        if "ALL" not in capabilities.get("drop", []) or set(capabilities.get("add", [])) - {"NET_BIND_SERVICE"}:
            found.append("capabilities")
    return found
