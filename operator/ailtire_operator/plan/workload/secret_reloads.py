"""Plans what ``reloadOnSecrets`` does: a workload's pods are replaced once for a new version of a Secret that it names.

The versions that its pods run with stand in an annotation of the workload itself, which no pod follows: so they are
first written down without replacing any pod, outlive the operator, and change in the same write that replaces the pods.
"""

import json
from collections.abc import Iterator

from ailtire_operator import naming
from ailtire_operator.model.service import Service
from ailtire_operator.plan.scope import Scope
from ailtire_operator.plan.types import SecretReload

_NONE = SecretReload()
_DIGITS = 20
"""Of the largest resourceVersion, which has 64 bits."""
_REPORTS = {
    "off": (
        "this operator does not watch Secrets, so a new version replaces no pod.",
        "Ask for that, or use reloadOn.",
    ),
    "denied": (
        "this operator may not list and watch Secrets here, so a new version replaces no pod.",
        "Grant it the rights of manifests/secret-metadata.",
    ),
}


def reload_of(scope: Scope, service: Service, kind: str, name: str) -> SecretReload:
    """For which versions of its Secrets the workload is to run."""
    live = scope.observed.secret_reloads.get((kind, name), _NONE)
    # What pods were replaced for stays in their template, as its going would replace them again.
    if not service.reload_on_secrets or kind == "Job" or scope.observed.secret_watch == "off":
        return SecretReload(reloaded_for=live.reloaded_for)
    now = scope.observed.secret_versions
    versions = {
        each: version
        for each in sorted(set(secrets_of(scope, service)))
        if (version := _newer(now.get(each), live.versions.get(each)))
    }
    changed = [f"{each}@{version}" for each, version in versions.items() if live.versions.get(each, version) != version]
    return SecretReload(versions, ",".join(changed) or live.reloaded_for)


def _newer(seen: str | None, noted: str | None) -> str | None:
    """The newer of two versions of a Secret, if there is any. One that is not there has none.

    The watch of a process that takes over may be behind what the one before has noted at the workload: by the older
    version its pods would be replaced twice more.
    """
    return max(filter(None, (seen, noted)), key=_number, default=None)


def _number(version: str) -> int:
    """A resourceVersion as the ordered number that it is; what is none loses against every other."""
    return int(version) if version.isdecimal() and version.isascii() and len(version) <= _DIGITS else -1


def secrets_of(scope: Scope, service: Service) -> Iterator[str]:
    """The Secrets that the service names for its variables and files."""
    yield from (each.secret for each in service.environment_from if each.secret)
    yield from (each.secret for each in service.environment_values_from.values() if each.secret)
    for key, mount in service.secrets.items():
        declared = scope.spec.secrets.get(mount.source or key)
        if declared is not None:
            yield declared.secret


def annotations(reload: SecretReload) -> dict[str, str]:
    """The workload's own, which replace no pod."""
    versions = json.dumps(dict(reload.versions), sort_keys=True, separators=(",", ":"))
    found = {naming.ANNOTATION_SECRET_VERSIONS: versions} if reload.versions else {}
    return found | ({naming.ANNOTATION_RELOADED_FOR: reload.reloaded_for} if reload.reloaded_for else {})


def report(scope: Scope) -> None:
    """Report where ``reloadOnSecrets`` has no effect."""
    for key, service in scope.spec.plain.items():
        if not service.reload_on_secrets:
            continue
        path = scope.path(key, "reloadOnSecrets")
        if service.deploy is not None and service.deploy.mode.endswith("Job"):
            message = "a new version of a Secret runs no job again."
            scope.report(path, "ignored", message, "Set reloadOn, whose change runs it again.")
        elif next(secrets_of(scope, service), None) is None:
            message = "the service names no Secret for its variables or files."
            scope.report(path, "ignored", message, "Name one, or remove this field.")
        elif said := _REPORTS.get(scope.observed.secret_watch or ""):
            scope.report(path, "ignored", *said)
