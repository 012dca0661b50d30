"""Replaces names of services in commands, checks, hooks and files by names that resolve.

Swarm and Docker Compose resolve ``my_db`` and ``tasks.agent``, which are invalid in Kubernetes' DNS. Certain host
names are replaced; possible ones are only reported.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.compose.compose_file import volume_seeds
from ailtire_operator.compose.compose_file.entry import Entry
from ailtire_operator.compose.environment import TASKS
from ailtire_operator.compose.host_mentions import Mention, replaced
from ailtire_operator.compose.reporting import Report
from ailtire_operator.model.field_path import SPEC, FieldPath, path_of

_WORDS: Final = (("command", "command"), ("entrypoint", "entrypoint"))
_HOOKS: Final = (("post_start", "postStart"), ("pre_stop", "preStop"))


class NameReferences:
    """The host names that containers of a project use, some of which are invalid in DNS."""

    def __init__(self, hosts: Iterable[str], report: Report) -> None:
        self._report = report
        self._answers: dict[str, str] = {}
        for host in hosts:
            name = naming.sanitize(host)
            self._answers[f"{TASKS}{host}"] = name
            if name != host.lower():
                self._answers[host] = name

    def follow(self, service: Entry, fields: dict[str, Any]) -> None:
        """Replace names in a service's command, check and hooks; those in labels are only reported."""
        for key, field in _WORDS:
            self._words(fields.get(field), service.where(key))
        self._words((fields.get("healthcheck") or {}).get("test"), service.where("healthcheck", "test"))
        for key, field in _HOOKS:
            for index, hook in enumerate(fields.get(field) or ()):
                self._words(hook.get("command"), service.where(key, index, "command"))
                variables = hook.get("environment", {})
                for name, text in variables.items():
                    variables[name] = self.text(text, service.where(key, index, "environment", name))
        for name, text in (fields.get("annotations") or {}).items():
            self.text(text, service.where("labels", name), is_ours=False)

    def contents(self, configs: Mapping[str, dict[str, Any]], seeds: Collection[str] = ()) -> None:
        """The same for texts of configs, including mounted files. Names in ``seeds`` of volumes are only reported."""
        for key, config in configs.items():
            for file, content in volume_seeds.texts(config["binaryContent"]) if key in seeds else ():
                self.text(content, path_of(SPEC, "configs", key, file), is_ours=False)
            if isinstance(text := config.get("content"), str):
                config["content"] = self.text(text, path_of(SPEC, "configs", key, "content"))

    def _words(self, words: Any, path: FieldPath) -> None:
        for index, word in enumerate(words if isinstance(words, list) else ()):
            words[index] = self.text(word, path_of(path, index))

    def text(self, text: str, path: FieldPath, *, is_ours: bool = True) -> str:
        """The text with names that resolve. ``is_ours`` is False for a text that other programs read too."""
        reported: dict[str, None] = {}

        def rewritten(mention: Mention) -> str | None:
            host = mention.host
            name = self._answers.get(host)
            if name is None:
                return None
            if not is_ours or not (mention.proof == "host" or host.startswith(TASKS)):
                reported[host] = None
                return None
            self._report.resolved(path, f"the host '{host}' became '{name}', the name under which it answers.")
            return name

        if not any(host in text for host in self._answers):
            return text
        result = replaced(text, rewritten)
        for host in reported:
            self._report.approximate(path, *_left(host, self._answers[host]))
        return result


def _left(host: str, name: str) -> tuple[str, str]:
    """Why a name stays that does not resolve, and what to do."""
    if host.startswith(TASKS):
        why = (
            f"'{host}' does not resolve: names in a network are one label. It stays, as other programs read this text."
        )
        return why, f"Write '{name}', and endpoint_mode: dnsrr at that service where each of its tasks has to be known."
    why = f"'{host}' is a service that answers as '{name}'; it stays, as it may not be meant as a host name."
    return why, f"If it is one, write '{name}'."
