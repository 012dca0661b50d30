"""The operator's settings: from this program's own environment, and as they show in what runs.

Whoever asks for a preview rarely has the operator's environment at hand, and each setting that differs would show as a
change of every pod. What the user's own environment says wins.
"""

import os
from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydantic import ValidationError

from ailtire_operator import naming
from ailtire_operator.cli.failures import Failure
from ailtire_operator.cli.stack_gateways import COMPONENTS
from ailtire_operator.cluster.discovery import PodFields
from ailtire_operator.cluster.kinds import WORKLOAD_KINDS
from ailtire_operator.model.problems import sentence
from ailtire_operator.model.settings import Settings

_PREFIX: Final = str(Settings.model_config["env_prefix"])
_FROM_SERVICES: Final = ".svc."
_WORKLOADS: Final = frozenset(kind.kind for kind in WORKLOAD_KINDS)


def environment_settings(**shown: Any) -> Settings:
    """The settings of the environment. Raises Failure, with the variable's name."""
    try:
        return Settings(**shown)
    except ValidationError as error:
        wrong = [f"{_PREFIX}{str(each['loc'][0]).upper()}: {sentence(each)}" for each in error.errors()]
        raise Failure("; ".join(wrong), "It is a setting of the operator; correct the environment.") from None


def running_settings(objects: Iterable[Mapping[str, Any]]) -> Settings:
    """The settings of the environment, completed by what the operator's own workloads show."""
    shown: dict[str, Any] = {}
    for obj in objects:
        if obj["kind"] in _WORKLOADS:
            shown = {**_of_pods(obj), **shown}
    said = {name for name in Settings.model_fields if f"{_PREFIX}{name.upper()}" in os.environ}
    return environment_settings(**{name: value for name, value in shown.items() if name not in said})


def running_pod_fields(objects: Iterable[Mapping[str, Any]]) -> PodFields:
    """The fields that depend on feature gates, as far as a workload that runs has them; no request is made."""
    pods = [obj["spec"]["template"]["spec"] for obj in objects if obj["kind"] in _WORKLOADS]
    containers = [container for pod in pods for container in pod.get("containers") or ()]
    return PodFields(
        stop_signal=any((each.get("lifecycle") or {}).get("stopSignal") for each in containers),
        hostname_override=any(pod.get("hostnameOverride") for pod in pods),
        resource_claims=any(pod.get("resourceClaims") for pod in pods),
    )


def _of_pods(workload: Mapping[str, Any]) -> dict[str, Any]:
    spec = workload["spec"]["template"]["spec"]
    config = spec.get("dnsConfig") or {}
    found: dict[str, Any] = {}
    if config.get("nameservers"):
        found["nameservers"] = config["nameservers"]
    domains = [
        search.partition(_FROM_SERVICES)[2] for search in config.get("searches") or () if _FROM_SERVICES in search
    ]
    if domains:
        found["cluster_domain"] = domains[0]
    labels = workload["metadata"].get("labels") or {}
    if labels.get(naming.LABEL_COMPONENT) in COMPONENTS:
        found |= _of_gateway(spec["containers"][0])
    return found


def _of_gateway(container: Mapping[str, Any]) -> dict[str, Any]:
    hook = ((container.get("lifecycle") or {}).get("preStop") or {}).get("sleep") or {}
    return {"gateway_image": container["image"]} | ({"drain_seconds": hook["seconds"]} if "seconds" in hook else {})
