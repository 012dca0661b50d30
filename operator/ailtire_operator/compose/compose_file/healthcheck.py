"""Translates healthchecks, with Docker's defaults and the exact command."""

from typing import Any, Final

from ailtire_operator.compose.compose_file.durations import taken
from ailtire_operator.compose.compose_file.entry import Entry
from ailtire_operator.compose.scalars import whole
from ailtire_operator.model.service import Healthcheck

_RETRIES_LIMIT: Final = 1000


def healthcheck(service: Entry) -> dict[str, Any] | None:
    """The healthcheck of a service; None if it has none."""
    entry = service.inner("healthcheck")
    if not entry.data:
        return None
    test, disabled = entry.take("test"), entry.take("disable")
    fields: dict[str, Any] = {}
    for key, field in (
        ("interval", "interval"),
        ("timeout", "timeout"),
        ("start_period", "startPeriod"),
        ("start_interval", "startInterval"),
    ):
        entry.put(Healthcheck, fields, field, taken(entry, key), key)
    if retries := whole(entry.take("retries")):  # Docker reads 0 as its default
        fields["retries"] = min(retries, _RETRIES_LIMIT)
        if retries > _RETRIES_LIMIT:
            entry.report.approximate(entry.where("retries"), f"the maximum is {_RETRIES_LIMIT}.")
    command = [str(each) for each in test] if isinstance(test, list) else []
    if disabled or command[:1] == ["NONE"]:
        return {"disable": True}
    if not command:
        message = "the check is the image's own (HEALTHCHECK), which the kubelet does not run; there is none."
        service.report.ignored(entry.path, message, "Write the image's command into healthcheck.test.")
        return None
    if command[0] == "CMD-SHELL":
        command = ["CMD-SHELL", " ".join(command[1:])]
    if len(command) < 2 or not any(command[1:]):
        service.report.rejected(entry.where("test"), "it has no command; there is no check.")
        return None
    return {"test": command, **fields}
