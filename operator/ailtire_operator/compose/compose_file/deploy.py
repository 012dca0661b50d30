"""Translates ``deploy`` of a service, and the related keys scale and restart."""

from typing import Any, Final

from pydantic import TypeAdapter

from ailtire_operator.compose.compose_file.durations import duration, taken
from ailtire_operator.compose.compose_file.entry import Entry
from ailtire_operator.compose.compose_file.labels import begins, metadata
from ailtire_operator.compose.compose_file.resources import resources
from ailtire_operator.compose.scalars import accepts, whole
from ailtire_operator.model.deploy import Deploy
from ailtire_operator.model.placement import Constraint, Spread

_CONSTRAINT: Final = TypeAdapter(Constraint)
_SPREAD: Final = TypeAdapter(Spread)
_ORDERS: Final = {"start-first": "startFirst", "stop-first": "stopFirst"}
_ENDPOINTS: Final = {"vip": "", "dnsrr": "dnsrr"}
_MODES: Final = {"replicated-job": "replicatedJob", "global-job": "globalJob"}
_CONDITIONS: Final = {"no": "none", "none": "none", "on-failure": "onFailure", "any": "any"}
_STAYING: Final = ("always", "unless-stopped")
_REPLICA_LIMIT: Final = 1000


def deploy(service: Entry, skipped: tuple[str, ...]) -> dict[str, Any]:
    """How the service runs."""
    entry = service.inner("deploy")
    fields: dict[str, Any] = {}
    mode = str(entry.take("mode") or "replicated")
    if mode != "replicated":
        fields["mode"] = _MODES.get(mode, mode)
    _replicas(service, entry, fields, one_each=mode.startswith("global"))
    entry.put(Deploy, fields, "resources", resources(service, entry.inner("resources")), "resources")
    for key, field in (("update_config", "updateConfig"), ("rollback_config", "rollbackConfig")):
        entry.put(Deploy, fields, field, _rolling(entry.inner(key)), key)
    if endpoint := entry.chosen("endpoint_mode", _ENDPOINTS, "the ports decide"):
        fields["endpointMode"] = endpoint
    if restart := _restart(service, entry, is_job=mode.endswith("-job")):
        fields["restartPolicy"] = restart
    entry.put(Deploy, fields, "placement", _placement(entry.inner("placement")), "placement")
    labels = {name: value for name, value in (entry.take("labels") or {}).items() if not begins(name, *skipped)}
    entry.put(Deploy, fields, "labels", metadata(labels, entry, "labels"), "labels")
    return fields


def _replicas(service: Entry, entry: Entry, fields: dict[str, Any], *, one_each: bool) -> None:
    """The number of replicas; zero is kept: the service exists and nothing runs."""
    for source, key in ((service, "scale"), (entry, "replicas")):
        written = source.take(key)
        if written is None:
            continue
        replicas = whole(written)
        if one_each:
            message = "every node has one replica, so this has no effect."
            source.report.rejected(source.where(key), message, "Remove it.")
        elif replicas is not None and 0 <= replicas <= _REPLICA_LIMIT:
            fields["replicas"] = replicas
        else:
            source.report.rejected(source.where(key), f"more than the maximum of {_REPLICA_LIMIT} replicas; one runs.")


def _rolling(entry: Entry) -> dict[str, Any]:
    """An update_config or rollback_config. Defaults are Swarm's: one at a time, stop first."""
    if not entry.data:
        return {}
    fields: dict[str, Any] = {"order": entry.chosen("order", _ORDERS, "the old one is stopped first") or "stopFirst"}
    if (parallelism := whole(entry.take("parallelism"))) is not None:
        fields["parallelism"] = min(parallelism, _REPLICA_LIMIT)
        if parallelism > _REPLICA_LIMIT:
            message = f"at most {_REPLICA_LIMIT} replicas are replaced at once."
            entry.report.approximate(entry.where("parallelism"), message)
    for key in ("delay", "monitor"):
        if (time := taken(entry, key)) not in (None, "0s"):
            fields[key] = time
            entry.note(key)
    if action := entry.take("failure_action"):
        fields["failureAction"] = action
    if ratio := entry.take("max_failure_ratio"):
        fields["maxFailureRatio"] = float(ratio)
    return fields


def _restart(service: Entry, entry: Entry, *, is_job: bool) -> dict[str, Any]:
    """The restart policy. ``deploy`` takes precedence over ``restart``, as in Docker Compose."""
    policy = entry.inner("restart_policy")
    kind, _, count = str(service.take("restart") or "").partition(":")
    condition, attempts = policy.take("condition"), whole(policy.take("max_attempts"))
    if not policy.data:
        condition, attempts = kind, whole(count)
        if count and attempts is None:
            message = f"'{count}' is not a number of attempts; there is no limit."
            service.report.rejected(service.where("restart"), message, "Write on-failure:3.")
    fields: dict[str, Any] = {}
    if found := _CONDITIONS.get(str(condition)):
        fields["condition"] = found
    elif condition and condition not in _STAYING:
        message = f"'{condition}' is not a condition; the service is restarted whenever it ends."
        policy.report.rejected(policy.where("condition"), message, "Write none, on-failure or any.")
    if attempts is not None:
        fields["maxAttempts"] = attempts
    for key in ("delay", "window"):
        if time := policy.parsed(key, duration, "a duration"):
            fields[key] = time
    if is_job and fields.get("condition") == "any":
        message = "a job that has succeeded is not restarted; after a failure it is."
        policy.report.approximate(policy.where("condition"), message, "Write on-failure.")
        fields["condition"] = "onFailure"
    return fields


def _placement(entry: Entry) -> dict[str, Any]:
    result: dict[str, Any] = {}
    constraints = []
    for index, written in enumerate(entry.texts("constraints")):
        if accepts(_CONSTRAINT, written):
            constraints.append(written)
        else:
            message = f"'{written}' is not a constraint; it is left out."
            entry.report.rejected(entry.where("constraints", index), message, "Write node.labels.disk == ssd.")
    if constraints:
        result["constraints"] = constraints
    spreads = []
    for each in entry.items("preferences"):
        spread = each.take("spread")
        if accepts(_SPREAD, spread):
            spreads.append({"spread": spread})
        else:
            each.report.rejected(each.where("spread"), "this is not a node attribute; it is left out.")
    if spreads:
        result["preferences"] = spreads
    if most := whole(entry.take("max_replicas_per_node")):
        result["maxReplicasPerNode"] = most
    return result
