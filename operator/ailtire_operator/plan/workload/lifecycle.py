"""Plans how a container starts and stops: hooks, the stop signal and the grace period."""

import re
import shlex
from typing import Any

from ailtire_operator.model.container import Hook
from ailtire_operator.model.service import Service
from ailtire_operator.model.values import whole_seconds
from ailtire_operator.plan.scope import Scope

_GRACE_SECONDS = 30
"""Kubernetes' default; Docker's is 10, and a longer one does no harm."""
_SIGNAL = re.compile(
    "SIG(ABRT|ALRM|BUS|CHLD|CLD|CONT|FPE|HUP|ILL|INT|IO|IOT|KILL|PIPE|POLL|PROF|PWR|QUIT|SEGV|STKFLT|STOP|SYS|TERM|TRAP"
    r"|TSTP|TTIN|TTOU|URG|USR1|USR2|VTALRM|WINCH|XCPU|XFSZ|RTMIN(\+([1-9]|1[0-5]))?|RTMAX(-([1-9]|1[0-4]))?)"
)
"""The names of signals in the Kubernetes API."""


def lifecycle(scope: Scope, key: str, service: Service) -> tuple[dict[str, Any], int]:
    """The container's hooks, and its grace period in seconds."""
    hooks, grace = _stopping(scope, key, service)
    if service.post_start:
        hooks = {"postStart": {"exec": {"command": _one_command(scope, key, "postStart", service.post_start)}}} | hooks
    return hooks, grace


def _stopping(scope: Scope, key: str, service: Service) -> tuple[dict[str, Any], int]:
    """The preStop hook or stop signal, and the grace period in seconds.

    A service with callers keeps serving for a moment, until its endpoints are removed.
    """
    drain = scope.settings.drain_seconds if service.ports or service.interface else 0
    grace = drain + (whole_seconds(service.stop_grace_period) if service.stop_grace_period else _GRACE_SECONDS)
    signal = service.stop_signal
    if signal is not None and _SIGNAL.fullmatch(signal) is None:
        scope.refuse(scope.path(key, "stopSignal"), f"'{signal}' is not a Linux signal; use a name such as SIGTERM")
    if signal is not None and scope.observed.stop_signal:
        return {**_before_stop(scope, key, service, drain), "stopSignal": signal}, grace
    if signal is None or signal == "SIGTERM":
        return _before_stop(scope, key, service, drain), grace
    scope.report(
        scope.path(key, "stopSignal"), "approximate",
        f"the API server does not support stop signals, so a preStop hook sends {signal}; it needs /bin/sh.",
        "Turn on the feature gate ContainerStopSignals, or set STOPSIGNAL in the image.",
    )  # fmt: skip
    if service.init or signal in ("SIGKILL", "SIGSTOP"):
        scope.report(
            scope.path(key, "stopSignal"), "approximate",
            "the hook's signal does not reach the process: "
            + ("with init, process 1 is the pod's own." if service.init else f"{signal} passes by process 1."),
            "Leave out init." if service.init else "Leave it out, and set stopGracePeriod.",
        )  # fmt: skip
    own = f"{_script(service.pre_stop)}; " if service.pre_stop else ""
    script = f"sleep {drain}; {own}kill -{signal[3:]} 1; while kill -0 1 2>/dev/null; do sleep 1; done"
    return {"preStop": {"exec": {"command": ["/bin/sh", "-c", script]}}}, grace


def _before_stop(scope: Scope, key: str, service: Service, drain: int) -> dict[str, Any]:
    if not service.pre_stop:
        return {"preStop": {"sleep": {"seconds": drain}}} if drain else {}
    if not drain:
        return {"preStop": {"exec": {"command": _one_command(scope, key, "preStop", service.pre_stop)}}}
    scope.report(
        scope.path(key, "preStop"), "approximate",
        f"Kubernetes runs one hook, so a shell waits {drain}s for open requests and runs these; it needs /bin/sh.",
    )  # fmt: skip
    return {"preStop": {"exec": {"command": ["/bin/sh", "-c", f"sleep {drain}; {_script(service.pre_stop)}"]}}}


def _one_command(scope: Scope, key: str, field: str, hooks: list[Hook]) -> list[str]:
    """The command of a hook; several commands are joined by a shell, as Kubernetes runs only one."""
    if len(hooks) == 1 and hooks[0].working_dir is None:
        return _words(hooks[0])
    scope.report(
        scope.path(key, field), "approximate", "Kubernetes runs one command, so a shell runs these; it needs /bin/sh."
    )
    return ["/bin/sh", "-c", _script(hooks)]


def _words(hook: Hook) -> list[str]:
    variables = [f"{name}={value}" for name, value in sorted(hook.environment.items())]
    return ["env", *variables, *hook.command] if variables else list(hook.command)


def _script(hooks: list[Hook]) -> str:
    return " && ".join(
        f"(cd {shlex.quote(hook.working_dir)} && {shlex.join(_words(hook))})"
        if hook.working_dir
        else shlex.join(_words(hook))
        for hook in hooks
    )
