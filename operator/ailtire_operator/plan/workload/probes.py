"""Plans a healthcheck as readiness, liveness and startup probes."""

from copy import deepcopy
from math import ceil
from typing import Any

from ailtire_operator.model.service import Healthcheck, Service
from ailtire_operator.model.values import seconds, whole_seconds
from ailtire_operator.plan.scope import Scope
from ailtire_operator.plan.values import literal

_DEFAULT_RETRIES = 3
_INT32 = 2**31 - 1
_SHELL = "/bin/sh"


def probes(scope: Scope, key: str, service: Service) -> dict[str, Any]:
    """The probes of a service's container; none without a healthcheck, as the kubelet ignores the image's own."""
    check = service.healthcheck
    action = None if check is None or check.disable else _action(scope, key, service, check)
    if check is None or action is None:
        return {}
    period = max(1, whole_seconds(check.interval))
    retries = check.retries or _DEFAULT_RETRIES
    timing = {"timeoutSeconds": max(1, whole_seconds(check.timeout))}
    steady = {**action, "periodSeconds": period, "failureThreshold": retries, **timing}
    starting = {**action, **_starting(check, period, retries), **timing}
    return (
        deepcopy({"readinessProbe": steady})
        | deepcopy({"livenessProbe": steady})
        | deepcopy({"startupProbe": starting})
    )


def _starting(check: Healthcheck, period: int, retries: int) -> dict[str, int]:
    """The startup probe: Docker's start period and the retries after it, with a shorter period to be ready soon."""
    interval = max(1, whole_seconds(check.start_interval))
    start = seconds(check.start_period) if check.start_period else 0
    return {
        "periodSeconds": interval,
        "failureThreshold": min(_INT32, max(1, ceil(start / interval) + retries * ceil(period / interval))),
    }


def _action(scope: Scope, key: str, service: Service, check: Healthcheck) -> dict[str, Any] | None:
    if check.test is not None:
        return _command(scope, key, check.test)
    if check.http is None and not check.tcp:
        return None
    port = check.port or first_port(service)
    if port is None:
        scope.refuse(
            scope.path(key, "healthcheck", "port"), "the service declares no port to check; set healthcheck.port"
        )
        return None
    if check.http is not None:
        return {"httpGet": {"path": check.http, "port": port}}
    return {"tcpSocket": {"port": port}}


def _command(scope: Scope, key: str, test: list[str]) -> dict[str, Any] | None:
    # The kubelet expands $(NAME) in a probe's command too (ExpandContainerCommandOnlyStatic of its prober).
    form, *arguments = map(literal, test)
    if form == "NONE":
        return None
    if form == "CMD-SHELL" and len(arguments) == 1:
        return {"exec": {"command": [_SHELL, "-c", arguments[0]]}}
    if form == "CMD" and arguments:
        return {"exec": {"command": arguments}}
    scope.refuse(
        scope.path(key, "healthcheck", "test"),
        "write [CMD, program, argument, ...], [CMD-SHELL, text] or [NONE], as in Compose",
    )
    return None


def first_port(service: Service) -> int | None:
    """The service's first port by name: of ``ports``, else of ``interface``."""
    declared = [port.port for _, port in sorted(service.ports.items()) if port.protocol == "TCP"]
    declared += [entry.port for _, entry in sorted(service.interface.items())]
    return declared[0] if declared else None
