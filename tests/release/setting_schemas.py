"""The operator's settings as values of the chart: their JSON Schema, from the model that reads the variables."""

from typing import Any, Final

from ailtire_operator.model.settings import Settings

_OTHERWISE: Final = {
    "namespace",  # scope.namespaces, which grants the rights too
    "lease_namespace",  # the release's
    "leader_election",  # two replicas without one would both write
    "metrics_host",  # the probes ask there
    "metrics_port",
    "looks",  # deprecated
    "workers",
}
_ADDRESS: Final = {"type": "string", "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]}
_RANGE4: Final = r"[0-9]{1,3}(\.[0-9]{1,3}){3}/([0-9]|[12][0-9]|3[0-2])"
_RANGE6: Final = r"[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*/([0-9]{1,2}|1[01][0-9]|12[0-8])"
_RANGE: Final = {"type": "string", "pattern": f"^({_RANGE4}|{_RANGE6})$"}
_PART: Final = r"^[^,=\s]+$"
_PAIRS: Final = {"propertyNames": {"pattern": _PART}, "additionalProperties": {"type": "string", "pattern": _PART}}
_LABEL: Final = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_CHECKED: Final[dict[str, dict[str, Any]]] = {
    "nameservers": {"items": _ADDRESS},
    "edge_sources": {"items": _RANGE},
    "trusted_proxies": {"items": _RANGE},
    "generic_resources": _PAIRS,
    "device_resources": _PAIRS,
    "cluster_domain": {"pattern": rf"^{_LABEL}(\.{_LABEL})*$", "maxLength": 253},
}
"""What the model's validators check, in words of JSON Schema."""


def setting_schemas() -> dict[str, Any]:
    """Return the schema of each value below ``settings``."""
    told = Settings.model_json_schema()["properties"]
    return {_camel(name): _schema(name, each) for name, each in told.items() if name not in _OTHERWISE}


def variable(value: str) -> str:
    """Return the variable that a value becomes, as the chart's template makes it."""
    words = "".join(f"_{letter}" if letter.isupper() else letter for letter in value)
    return f"{Settings.model_config['env_prefix']}{words.upper()}"


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def _schema(name: str, told: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in told.items() if key not in ("title", "default", "examples")}
    # A variable has several values in one text; a value of the chart is a list or a map.
    kept["description"] = kept["description"].replace(", comma-separated", "")
    return {**kept, **_CHECKED.get(name, {})}
