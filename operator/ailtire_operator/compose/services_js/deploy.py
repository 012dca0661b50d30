"""Translates ``deploy`` of services.js: Compose's keys, including common nesting errors."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from pydantic import TypeAdapter

from ailtire_operator.compose.compose_file.deploy import deploy
from ailtire_operator.compose.compose_file.entry import Entry, Location
from ailtire_operator.compose.reporting import Report, described
from ailtire_operator.compose.scalars import accepts
from ailtire_operator.model.deploy import Deploy
from ailtire_operator.model.field_path import FieldPath, path_of

_DEPLOY: Final = TypeAdapter(Deploy)
_MAPS: Final = (
    ("resources", "limits"), ("resources", "reservations"), ("placement",), ("update_config",), ("rollback_config",),
    ("restart_policy",), ("labels",),
)  # fmt: skip
_CHOICES: Final = {
    ("mode",): ("replicated", "global", "replicated-job", "global-job"),
    ("endpoint_mode",): ("vip", "dnsrr"),
    ("update_config", "order"): ("start-first", "stop-first"),
    ("rollback_config", "order"): ("start-first", "stop-first"),
    ("update_config", "failure_action"): ("pause", "continue", "rollback"),
    ("rollback_config", "failure_action"): ("pause", "continue"),
    ("restart_policy", "condition"): ("none", "on-failure", "any"),
}
_HERE: Final[Location] = ("services", "a")
"""The location of a service in the key table."""
_NODES: Final = "the nodes of this cluster have other labels than Swarm's nodes."
_CHOOSE: Final = "Set spec.services.*.deploy.placement once nodes have labels."


def read(value: Any, path: FieldPath, report: Report) -> dict[str, Any]:
    """The ``deploy`` of a plain service."""
    fields = _shaped(_nested(report.mapping(value, path), path, report), path, report)
    found = Report()
    below = len(_HERE) + 1
    service = Entry({"deploy": fields}, _HERE, found, lambda location: path_of(path, *location[below:]))
    result = deploy(service, ())
    service.close()
    report.extend(found.notices)
    for key in list(result):
        if not accepts(_DEPLOY, {key: result[key]}):
            del result[key]
            report.rejected(path_of(path, key), "invalid value; the default is used.")
    return result


def _nested(fields: Mapping[str, Any], path: FieldPath, report: Report) -> dict[str, Any]:
    """The map with all keys where Compose has them; fields about Swarm's nodes are left out."""
    result = dict(fields)
    placement = dict(report.mapping(fields.get("placement"), path_of(path, "placement")))
    for key in ("constraints", "preferences"):
        if placement.pop(key, None):
            report.ignored(path_of(path, "placement", key), _NODES, _CHOOSE)
    for key, source, target in (("resources", placement, result), ("max_replicas_per_node", result, placement)):
        if (misplaced := source.pop(key, None)) is None:
            continue
        written = ("placement", "resources") if key == "resources" else (key,)
        belongs = "resources" if key == "resources" else f"placement.{key}"
        if target.get(key) is None:
            target[key] = misplaced
            message = f"it belongs under deploy.{belongs}, and is read from there."
            report.resolved(path_of(path, *written), message)
        else:
            report.ignored(path_of(path, *written), f"deploy.{belongs} is set too, and takes precedence.")
    return {**result, "placement": placement}


def _shaped(fields: dict[str, Any], path: FieldPath, report: Report) -> dict[str, Any]:
    """The map without invalid values; each is reported."""
    resources = dict(report.mapping(fields.get("resources"), path_of(path, "resources")))
    fields = {**fields, "resources": resources}
    for *above, key in _MAPS:
        holder = fields[above[0]] if above else fields
        if holder.get(key) is not None:
            holder[key] = dict(report.mapping(_as_map(holder[key]), path_of(path, *above, key)))
    for place in ("update_config", "rollback_config"):
        _keep(fields.get(place), "max_failure_ratio", _is_number, path_of(path, place), report)
    for key in ("devices", "generic_resources"):
        _keep(resources.get("reservations"), key, _is_list_of_maps, path_of(path, "resources", "reservations"), report)
    for (*above, key), choices in _CHOICES.items():
        holder = fields.get(above[0]) if above else fields
        _keep(holder, key, choices.__contains__, path_of(path, *above), report)
    return fields


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)


def _is_list_of_maps(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, dict) for each in value)


def _as_map(value: Any) -> Any:
    """Compose's list of ``name=value`` as a map."""
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return dict(each.partition("=")[::2] for each in value)
    return value


def _keep(holder: Any, key: str, sound: Callable[[Any], bool], path: FieldPath, report: Report) -> None:
    """Remove an invalid value and report it."""
    value = (holder or {}).get(key)
    if value is not None and not sound(value):
        del holder[key]
        message = f"{described(value)} is not valid in Compose; the default is used."
        report.rejected(path_of(path, key), message)
