"""What one container of a Swarm service needs: process, healthcheck, mounts, resources."""

from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.compose.reporting import Report
from ailtire_operator.compose.scalars import docker_memory
from ailtire_operator.compose.views import StackView, quoted
from ailtire_operator.compose.volumes import DOCKER_SOCKETS
from ailtire_operator.model.deploy import ResourceList, Resources, UpdateConfig
from ailtire_operator.model.problems import path_of
from ailtire_operator.model.service import Service, VolumeMount
from ailtire_operator.model.values import amount

_GRACE_PERIOD: Final = "30s"
"""The model's default; Docker's own is ten seconds."""


def process(view: StackView, key: str, service: Service, report: Report) -> dict[str, Any]:
    """How the process starts and stops."""
    if service.annotations:
        report.ignored(view.member_path(key, "annotations"), "Swarm has labels alone.")
    return {
        "entrypoint": [quoted(each) for each in service.entrypoint or []],
        "command": [quoted(each) for each in service.command or []],
        "working_dir": quoted(service.working_dir) if service.working_dir else None,
        "user": service.user,
        "read_only": service.read_only or None,
        "labels": {name: quoted(value) for name, value in service.labels.items()},
        "stop_signal": service.stop_signal,
        "stop_grace_period": service.stop_grace_period or _GRACE_PERIOD,
    }


def healthcheck(view: StackView, key: str, service: Service, report: Report) -> dict[str, Any] | None:
    """Docker's healthcheck, where it can say the same."""
    check = service.healthcheck
    if check is None:
        return None
    if check.disable:
        return {"disable": True}
    if check.test is None:
        message = "Docker runs a command in the container to check; it cannot ask a port. There is no check."
        report.ignored(view.member_path(key, "healthcheck"), message, "Write a test that the image can run.")
        return None
    result = {
        "test": [quoted(each) for each in check.test],
        "interval": check.interval,
        "timeout": check.timeout,
        "retries": check.retries,
    }
    return result | ({"start_period": check.start_period} if check.start_period else {})


def mounts(view: StackView, key: str, service: Service, report: Report) -> list[dict[str, Any]]:
    """The service's volumes."""
    found = []
    for name, mount in service.volumes.items():
        path = view.member_path(key, "volumes", name)
        if mount.source in DOCKER_SOCKETS:
            message = "the Docker socket gives a container the whole host; as in the cluster, it is not mounted."
            report.add(path, "gated", message, "Add it to the file where a service must have it.")
            continue
        found.append(_mount(mount, path, report))
    return found


def _mount(mount: VolumeMount, path: str, report: Report) -> dict[str, Any]:
    entry: dict[str, Any] = {"type": "volume", "target": quoted(mount.target)}
    if mount.source is None:
        if mount.medium == "Memory":
            entry["type"] = "tmpfs"
            entry |= {"tmpfs": {"size": int(amount(mount.size))}} if mount.size else {}
        elif mount.size:
            report.ignored(f"{path}.size", "Docker does not bound scratch space on disk.")
    elif mount.source.startswith("/"):
        report.approximate(path, "the path has to exist on every node that may run the service.")
        entry |= {"type": "bind", "source": quoted(mount.source)}
    else:
        entry["source"] = naming.sanitize(mount.source)
    return entry | ({"read_only": True} if mount.read_only else {})


def used_volumes(view: StackView, report: Report) -> dict[str, Any]:
    """The named volumes that services mount: local to the node on which a task runs."""
    mounted = {mount.source for service in view.spec.plain.values() for mount in service.volumes.values()}
    volumes: dict[str, Any] = {}
    for key, data in view.spec.data.items():
        if key not in mounted:
            continue
        volumes[naming.sanitize(key)] = {}
        described = data.model_dump(exclude_defaults=True)
        if described:
            message = f"Swarm's local volumes know no {', '.join(sorted(described))}."
            report.ignored(path_of(f"{view.path}.data", key), message, "Give the volume a driver in the file.")
    return volumes


def deploy(view: StackView, key: str, service: Service, report: Report) -> dict[str, Any]:
    """Replicas, resources and updates, with the model's defaults written out where Swarm's differ."""
    wanted = service.deploy
    replicas = wanted.replicas if wanted else 1
    if service.policies and service.policies.scaling:
        replicas = max(1, service.policies.scaling.min)
    single_writer = any(
        mount.source in view.spec.data and view.spec.data[mount.source].mode != "ReadWriteMany"
        for mount in service.volumes.values()
    )
    result: dict[str, Any] = {"replicas": replicas}
    if wanted and wanted.endpoint_mode != "vip":
        result["endpoint_mode"] = wanted.endpoint_mode
    if wanted and wanted.resources and (resources := _resources(wanted.resources)):
        result["resources"] = resources
    result["update_config"] = _update(wanted.update_config if wanted else None, single_writer)
    return result


def _resources(resources: Resources) -> dict[str, Any]:
    parts = {"limits": _amounts(resources.limits), "reservations": _amounts(resources.reservations)}
    return {name: part for name, part in parts.items() if part}


def _amounts(entry: ResourceList | None) -> dict[str, str]:
    if entry is None:
        return {}
    cpus = {"cpus": format(amount(entry.cpu).normalize(), "f")} if entry.cpu else {}
    return cpus | ({"memory": docker_memory(amount(entry.memory))} if entry.memory else {})


def _update(update: UpdateConfig | None, single_writer: bool) -> dict[str, Any]:
    """No replica stops before its successor is ready, unless a volume has one writer or the author said otherwise."""
    stop_first = single_writer or (update is not None and update.order == "stopFirst")
    result: dict[str, Any] = {
        "order": "stop-first" if stop_first else "start-first",
        "parallelism": update.parallelism if update else 1,
    }
    if update and update.delay:
        result["delay"] = update.delay
    if update and update.monitor:
        result["monitor"] = update.monitor
    return result
