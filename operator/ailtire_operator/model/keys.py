"""The rules for keys of maps in a spec, used by both the models and the resource's schema.

A structural schema cannot check the keys of a map, so the generator turns these rules into CEL on the map itself.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Final

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, StringConstraints
from pydantic_core import CoreSchema, core_schema

from ailtire_operator import naming, printable
from ailtire_operator.model.base import KEY_RULES
from ailtire_operator.model.values import NO_CONTROLS

_SUBDOMAIN = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
_QUALIFIED = rf"({_SUBDOMAIN}/)?[A-Za-z0-9]([-A-Za-z0-9_.]{{0,61}}[A-Za-z0-9])?"
QUALIFIED_PATTERN = f"^{_QUALIFIED}$"


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


@dataclass(frozen=True, slots=True)
class KeyRule:
    """A regular expression that a whole key must match (or must not), in the syntax that Python and CEL share."""

    pattern: str
    message: str
    """Continues after the key: ``is reserved``."""
    refused: bool = False
    """Whether keys that match are refused."""
    quotes: bool = True
    """Whether the API server's message may quote the key."""

    @property
    def expression(self) -> str:
        """The rule in CEL, for one ``key``."""
        pattern = f"^({self.pattern})$".replace("\\", "\\\\").replace("'", "\\'")
        return f"{'!' if self.refused else ''}key.matches('{pattern}')"

    def check(self, key: str) -> str:
        """The key itself. Raises ValueError if it breaks the rule."""
        if (_compiled(self.pattern).fullmatch(key) is not None) == self.refused:
            raise ValueError(f"'{printable.line(key)}' {self.message}")
        return key

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        result = handler(schema)
        return {**result, KEY_RULES: [*result.get(KEY_RULES, ()), self]}


def _reserved_domains() -> str:
    """The reserved prefixes as a pattern: the domains themselves and everything below them."""
    domains = [re.escape(prefix.removesuffix("/")) for prefix in naming.RESERVED_PREFIXES if not prefix.startswith(".")]
    return rf"(.*\.)?({'|'.join(domains)})/[^/]*"


RESERVED_KEYS: Final = _reserved_domains()
PLAIN: Final = KeyRule(f"[^{printable.CONTROLS}]*", f"must have {NO_CONTROLS}", quotes=False)
_Named = Annotated[str, StringConstraints(min_length=1, max_length=63), PLAIN]
_QualifiedName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=317),
    KeyRule(_QUALIFIED, "is not a qualified name: use app, or example.com/app"),
]

ServiceKey = Annotated[_Named, KeyRule(r"(?s:.*[A-Za-z0-9].*)", "needs a letter or digit")]
VolumeKey = _Named
NetworkKey = _Named
VariableName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=256),
    KeyRule(
        rf"(?s:{naming.RESERVED_VARIABLE_PREFIX}.*)",
        f"is reserved: the operator sets the {naming.RESERVED_VARIABLE_PREFIX}* variables itself",
        refused=True,
    ),
    KeyRule(r"[ -<>-~]+", "is not the name of an environment variable: printable ASCII without ="),
]
MetadataKey = Annotated[
    _QualifiedName, KeyRule(RESERVED_KEYS, "is reserved for Kubernetes and this operator", refused=True)
]
EdgeAnnotationKey = _QualifiedName
"""Annotations below kubernetes.io are allowed here, as Ingress controllers read them."""
PortName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=15),
    KeyRule(
        r"([0-9]+-)*[0-9]*[a-z][a-z0-9]*(-[a-z0-9]+)*",
        "is not the name of a port: a-z, 0-9 and single hyphens inside, with at least one letter",
    ),
]
PortNumber = Annotated[str, StringConstraints(max_length=5), KeyRule(r"[0-9]{1,5}", "is not the number of a port")]
InterfaceKey = Annotated[
    str,
    StringConstraints(min_length=1, max_length=512),
    KeyRule(r"/[A-Za-z0-9/._~@:+,=-]*|[A-Za-z0-9][A-Za-z0-9._-]*", "must be a path like /web or a label like web"),
]
"""A path (external prefix), or a plain label (the older dialect, where ``path`` is the external prefix)."""
ImageName = Annotated[str, StringConstraints(min_length=1, max_length=512), PLAIN]
