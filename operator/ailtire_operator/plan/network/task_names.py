"""Reports Swarm's names for the tasks of a service, ``tasks.web``, which have no place in Kubernetes' DNS.

A network's zone is a headless Service, and an EndpointSlice gives each of its addresses one label as a host name. Two
labels before a Service are a port and a protocol by the DNS specification of Kubernetes, so nothing answers to
``tasks.web`` in a zone.
"""

import re
from collections.abc import Iterator
from typing import Final

from ailtire_operator import naming
from ailtire_operator.model.field_path import SPEC, FieldPath, path_of
from ailtire_operator.model.service import Service
from ailtire_operator.plan.scope import Scope

_TASKS: Final = "tasks."
_MENTION: Final = re.compile(
    r"(?:^|(?<=//)|(?<=[\s@,;=(\"'\[]))tasks\.(?P<member>[A-Za-z0-9_][A-Za-z0-9_-]{0,62})(?=$|[\s:/,;?&)\"'\]])"
)
"""As a word, or where an address stands; not as a part of a path or of another name."""


def report(scope: Scope) -> None:
    """Report them in all texts of the stack's services, if they name a member of the stack."""
    members = _members(scope)
    for path, text in _texts(scope):
        for member in dict.fromkeys(each["member"] for each in _MENTION.finditer(text)) if _TASKS in text else ():
            if (name := members.get(member.lower())) is not None:
                message = f"'{_TASKS}{member}' does not resolve: names in a network are one label."
                remedy = f"Write '{name}'; with deploy.endpointMode: dnsrr that is the address of each replica."
                scope.report(path, "approximate", message, remedy)


def _members(scope: Scope) -> dict[str, str]:
    """The names that the stack's members answer to, by what they may be called."""
    aliases = (
        alias.lower()
        for service in scope.spec.services.values()
        for network in service.networks.values()
        for alias in network.aliases
    )
    found = {alias: alias for alias in aliases if naming.is_dns_label(alias)}
    for key in scope.spec.services:
        found[key.lower()] = found[naming.sanitize(key)] = naming.sanitize(key)
    return found


def _texts(scope: Scope) -> Iterator[tuple[FieldPath, str]]:
    """Every text in which a service may read a host's name, with its path."""
    for name, text in scope.spec.env.items():
        yield path_of(SPEC, "env", name), text
    for key, config in scope.spec.configs.items():
        if config.content is not None:
            yield path_of(SPEC, "configs", key, "content"), config.content
    for key, service in scope.spec.plain.items():
        yield from _texts_of(scope, key, service)


def _texts_of(scope: Scope, key: str, service: Service) -> Iterator[tuple[FieldPath, str]]:
    for name, text in service.environment.items():
        yield scope.path(key, "environment", name), text
    lists = {
        ("entrypoint",): service.entrypoint,
        ("command",): service.command,
        ("healthcheck", "test"): service.healthcheck.test if service.healthcheck else None,
    }
    for place, words in lists.items():
        for index, text in enumerate(words or ()):
            yield scope.path(key, *place, index), text
    for field, hooks in (("postStart", service.post_start), ("preStop", service.pre_stop)):
        for index, hook in enumerate(hooks):
            for position, text in enumerate(hook.command):
                yield scope.path(key, field, index, "command", position), text
            for name, text in hook.environment.items():
                yield scope.path(key, field, index, "environment", name), text
