"""Translates a service's container: image, command, user, variables, signals."""

import re
from typing import Any, Final

from pydantic import TypeAdapter

from ailtire_operator import naming
from ailtire_operator.compose import environment
from ailtire_operator.compose.compose_file.durations import taken
from ailtire_operator.compose.compose_file.entry import Entry
from ailtire_operator.compose.compose_file.labels import begins, metadata
from ailtire_operator.compose.compose_file.shared import ImageNames
from ailtire_operator.compose.environment import VariableScope
from ailtire_operator.compose.reporting import described
from ailtire_operator.compose.scalars import accepts
from ailtire_operator.model.braces import pairs
from ailtire_operator.model.container import Hook, Platform
from ailtire_operator.model.service import Service
from ailtire_operator.model.values import AbsolutePath, ImageReference, ObjectName, UserId

_IMAGE: Final = TypeAdapter(ImageReference)
_USER: Final = TypeAdapter(UserId)
_DIRECTORY: Final = TypeAdapter(AbsolutePath)
_PLATFORM: Final = TypeAdapter(Platform)
_RUNTIME: Final = TypeAdapter(ObjectName)
_HOOK: Final = TypeAdapter(Hook)
_ARGUMENTS_LIMIT: Final = 256
BUILD: Final = "Build and push the images (kubectl ailtire build --push)"
_ROOT: Final = "0"
_NUMBER: Final = "Write the numbers of user and group: `docker run --rm <image> id <user>` prints them."
_SIGNAL: Final = re.compile(r"SIG[A-Z0-9+-]{1,13}")
_PLACEHOLDER: Final = re.compile(r"-?\s*(?:\.(?:Service|Task|Node)\.|\"[^\"\\]*\"\s*-?$)")
"""A placeholder that Swarm expands, or a quoted text, which stands for literal braces."""
_SIGNALS: Final = {
    "1": "HUP",
    "2": "INT",
    "3": "QUIT",
    "6": "ABRT",
    "9": "KILL",
    "10": "USR1",
    "12": "USR2",
    "15": "TERM",
}
_NODES: Final = "Put the images on every node, as pull_policy: never forbids to pull them"
_PERIOD: Final = re.compile(r"daily|weekly|every_.{1,32}")
_NOT_CAUGHT: Final = {
    "SIGKILL": "no process can catch it: it gets no time to stop (stopGracePeriod: 0s), and SIGTERM just before.",
    "SIGSTOP": "it would pause the process, not end it; the image's own signal is used.",
}
_DIRECT: Final = (None, "SIGTERM")
"""Signals that the kubelet sends without a hook."""
_PULLS: Final = {"always": "Always", "never": "Never", "missing": "IfNotPresent", "if_not_present": "IfNotPresent"}


def image(service: Entry, names: ImageNames) -> str | None:
    """The image; None if there is none."""
    written, build = service.take("image"), service.data.get("build")
    if written:
        if accepts(_IMAGE, written):
            if build:
                service.take("build")
                service.report.required(service.where("build"), BUILD, str(written))
            return str(written)
        message = f"{described(written)} is not an image; the service is left out."
        service.report.rejected(service.where("image"), message)
        return None
    if not build:
        return None
    built = names.of(str(service.location[-1]))
    service.take("build")
    theirs = names.docker_name(str(service.location[-1]))
    if built == theirs:
        message = f"it is built, and has no image name: '{built}' runs, which is what Docker Compose calls it."
    else:
        message = f"it is built, and no image is named: '{built}' runs; Docker Compose calls it '{theirs}'."
    service.report.required(service.where("build"), BUILD, built)
    if built == theirs or names.registry or names.tag:  # the user chose this name by --registry
        service.report.resolved(service.where("build"), message)
    else:
        service.report.approximate(service.where("build"), message, "Give it this name when it is pushed.")
    return built


def process(service: Entry, fields: dict[str, Any]) -> None:
    """The process, its user, and how it is stopped."""
    for key in ("entrypoint", "command"):
        _words(service, key, fields)
    _checked(service, fields, "working_dir", "workingDir", _DIRECTORY, "is not an absolute path; it is left out.")
    _user(service, fields)
    _checked(service, fields, "platform", "platform", _PLATFORM, "is not a platform; any node may run it.")
    if (runtime := service.take("runtime")) and accepts(_RUNTIME, runtime):
        fields["runtime"] = runtime
    elif runtime:
        service.close_service(
            f"{described(runtime)} is not a RuntimeClass's name, and the default confines less", "runtime"
        )
    for key, field in (("read_only", "readOnly"), ("tty", "tty"), ("stdin_open", "stdinOpen"), ("init", "init")):
        if service.take(key):
            fields[field] = True
    _pulling(service, fields)
    _stopping(service, fields)
    for key, field in (("post_start", "postStart"), ("pre_stop", "preStop")):
        service.put(
            Service, fields, field, [hook for each in service.items(key) if (hook := _hook(each, service))], key
        )


def _user(service: Entry, fields: dict[str, Any]) -> None:
    """User and group as numbers, as the kubelet does not look into the image; root is 0 in every image."""
    written = str(service.take("user") or "")
    user, group = (_ROOT if each == "root" else each for each in written.partition(":")[::2])
    if not written:
        return
    if accepts(_USER, text := f"{user}:{group}" if group else user):
        fields["user"] = text
    elif accepts(_USER, user):
        fields["user"] = f"{user}:{user}"
        message = f"only the image knows the group '{group}', and without one it would be root; {user} is used."
        service.report.approximate(service.where("user"), message, _NUMBER)
    else:
        why = f"only the image knows who '{written}' is, and its own user may be root"
        service.close_service(why, "user", remedy=_NUMBER)


def _words(service: Entry, key: str, fields: dict[str, Any]) -> None:
    """A command as a list. Compose splits a string like a shell, but runs it without one."""
    written = service.take(key)
    if written is None:
        return
    listed = [str(each) for each in written] if isinstance(written, list) else [str(written)]
    if not listed and key == "entrypoint":
        message = "an empty entrypoint clears the image's own, which is not possible here; the image's own is used."
        service.report.rejected(service.where(key), message, "Write the program that should run as entrypoint.")
    elif len(listed) > _ARGUMENTS_LIMIT:
        why = f"it has more than {_ARGUMENTS_LIMIT} words, and what the image runs without them may ask for no password"
        service.close_service(why, key)
    else:
        fields[key] = listed


def _checked(
    service: Entry, fields: dict[str, Any], key: str, field: str, model: TypeAdapter[Any], why: str, remedy: str = ""
) -> None:
    """A text, or a report that it is invalid in the model."""
    if (written := service.take(key)) is None:
        return
    if accepts(model, str(written)):
        fields[field] = str(written)
    else:
        service.report.rejected(service.where(key), f"{described(written)} {why}", remedy)


def _pulling(service: Entry, fields: dict[str, Any]) -> None:
    if (written := service.take("pull_policy")) is None:
        return
    if policy := _PULLS.get(str(written)):
        fields["pullPolicy"] = policy
        if policy == "Never":
            service.report.required(service.where("pull_policy"), _NODES, str(fields["image"]))
    elif written == "build":
        message = "nothing is built in a cluster; the image is pulled."
        service.report.approximate(service.where("pull_policy"), message, "Build and push it.")
    elif not _PERIOD.fullmatch(str(written)):
        message = f"{described(written)} is not a policy; the image is pulled if it is missing or its tag is latest."
        service.report.rejected(service.where("pull_policy"), message, "Write always, missing or never.")
    else:
        fields["pullPolicy"] = "Always"
        message = "the image is checked when a pod starts, not periodically."
        service.report.approximate(service.where("pull_policy"), message)


def _stopping(service: Entry, fields: dict[str, Any]) -> None:
    signal = ""
    if (written := service.take("stop_signal")) is not None:
        name = _SIGNALS.get(str(written), str(written).upper())
        signal = name if name.startswith("SIG") else f"SIG{name}"
        if why := _NOT_CAUGHT.get(signal):
            service.report.approximate(service.where("stop_signal"), why)
        elif _SIGNAL.fullmatch(signal):
            fields["stopSignal"] = signal
        else:
            message = f"{described(written)} is not a signal; the image's own is used."
            service.report.rejected(service.where("stop_signal"), message)
    if time := taken(service, "stop_grace_period"):
        fields["stopGracePeriod"] = time
    if signal == "SIGKILL":
        fields["stopGracePeriod"] = "0s"
    if fields.get("init") and fields.get("stopSignal") not in _DIRECT and not _is_of_ours(service):
        fields.pop("init")
        message = "it is left out with stop_signal: the hook would signal the pod's init process."
        service.report.approximate(service.where("init"), message, "Start an init process in the image, such as tini.")


def _is_of_ours(service: Entry) -> bool:
    """Whether it comes from our own export, whose stack was explicit."""
    return any(name in (service.data.get("environment") or {}) for name in naming.PLATFORM_VARIABLES)


def _hook(entry: Entry, service: Entry) -> dict[str, Any] | None:
    user = str(entry.take("user") or "")
    if user and user.partition(":")[0] not in ("root", _ROOT) and user != service.data.get("user"):
        why = f"it is '{user}' who runs it, and here it has all privileges of the container"
        names = [str(service.location[-1])]
        if entry.report.keeps_closed(entry.where("user"), "this hook would run OPEN: left out", why, names):
            entry.forget()
            return None
    elif user:
        entry.note("user")
    if entry.take("privileged"):
        entry.note("privileged")
    fields: dict[str, Any] = {"command": entry.texts("command")}
    variables = entry.take("environment")
    if isinstance(variables, list):
        variables = dict(str(each).partition("=")[::2] for each in variables)
    if variables:
        fields["environment"] = {name: str(value or "") for name, value in variables.items()}
    if directory := entry.take("working_dir"):
        fields["workingDir"] = directory
    if accepts(_HOOK, fields):
        return fields
    entry.report.rejected(entry.path, "this is not a valid hook; it is left out.")
    return None


def variables(service: Entry, hosts: frozenset[str]) -> dict[str, str]:
    """The environment. Docker Compose has resolved variables without a value from the caller's environment."""
    written = service.take("environment") or {}
    for name, value in written.items():
        if value is None:
            message = "it has no value here or in the environment of the import, so it is left out."
            service.report.approximate(service.where("environment", name), message, "Give it a value.")
    given = {name: _braces(str(value)) for name, value in written.items() if value is not None}
    for name, value in given.items():
        if value != str(written[name]):
            message = "its braces are text, as in Docker Compose; Swarm would only expand .Service, .Task and .Node."
            service.report.resolved(service.where("environment", name), message)
    path = service.where("environment")
    result = environment.read(given, path, VariableScope(None, hosts, placeholders=True), service.report)
    for name in given:
        if name not in result and not name.startswith(naming.RESERVED_VARIABLE_PREFIX):
            service.close_service("this variable is lost, and may restrict callers", "environment", name)
    return result


def _braces(text: str) -> str:
    """The text with Swarm's placeholders kept, and other braces escaped for the operator."""
    parts, after = [], 0
    for start, end in pairs(text):
        placeholder = _PLACEHOLDER.match(text[start + 2 : end - 2])
        parts += [text[after:start], text[start:end] if placeholder else '{{"{{"}}' + text[start + 2 : end]]
        after = end
    return "".join([*parts, text[after:]])


def annotations(service: Entry, skipped: tuple[str, ...]) -> dict[str, str]:
    """Container labels as annotations, which may be any text."""
    result: dict[str, str] = {}
    for key in ("labels", "annotations"):
        written = service.take(key) or {}
        result |= metadata({name: each for name, each in written.items() if not begins(name, *skipped)}, service, key)
    return result
