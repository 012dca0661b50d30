"""Describes the regular expressions of the models in words, for error messages and documents."""

from collections.abc import Mapping
from typing import Final

from ailtire_operator import naming
from ailtire_operator.model.keys import QUALIFIED_PATTERN, RESERVED_KEYS, KeyRule
from ailtire_operator.model.placement import ATTRIBUTE_PATTERN, CONSTRAINT_PATTERN
from ailtire_operator.model.values import COOKIE_PATTERN, DURATION_PATTERN, TIME_PATTERN
from ailtire_operator.printable import CONTROLS

_ATTRIBUTES: Final = (
    "node.id, node.ip, node.hostname, node.role, node.platform.os, node.platform.arch, node.labels.NAME, "
    "engine.labels.NAME"
)
_WORDS: Final = {
    DURATION_PATTERN: "hours, minutes, seconds and milliseconds, in this order, as in 1h30m10s or 500ms",
    TIME_PATTERN: "a date and time with its zone, as in 2026-11-29T12:30:00Z",
    QUALIFIED_PATTERN: "a qualified name: http, or example.com/name",
    CONSTRAINT_PATTERN: f"ATTRIBUTE == VALUE or ATTRIBUTE != VALUE; attributes are {_ATTRIBUTES}",
    f"^({ATTRIBUTE_PATTERN})$": f"one of {_ATTRIBUTES}",
    f"^[^{CONTROLS}]*$": "no control characters",
    f"^/[^{CONTROLS}:]*$": "an absolute path without colons and control characters",
    f"^[^/{CONTROLS}][^{CONTROLS}]*$": "a relative path without control characters",
    r"^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$": "letters, digits, `-`, `_` and `.`, the first and last a letter or "
    "digit",
    r"^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$": "empty, or letters, digits, `-`, `_` and `.`, the first and last "
    "a letter or digit",
    r"^[A-Za-z0-9][A-Za-z0-9._:/-]*[A-Za-z0-9]$": "a registry, with or without port and path",
    r"^[A-Za-z0-9][A-Za-z0-9._:/@-]*$": "an image's name, with or without registry, tag and digest",
    r"^[a-z]([-a-z0-9]*[a-z0-9])?$": "a-z, 0-9 and `-`, the first a letter, the last not a hyphen",
    r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$": "the name of a Kubernetes object: a-z, 0-9, "
    "`-` and `.`, the first and last a letter or digit",
    r"^(\*\.)?[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$": "a host name in lower case; "
    "optionally with `*.` before it",
    r"^[A-Za-z0-9_]([-A-Za-z0-9_.]*[A-Za-z0-9_])?$": "a domain name",
    r"^[0-9a-fA-F.:]+$": "an IPv4 or IPv6 address",
    r"^[0-9a-fA-F.:]+(/[0-9]{1,3})?$": "an IPv4 or IPv6 address, or a CIDR range",
    r"^[A-Za-z0-9.:-]+$": "a host name or address",
    r"^(CAP_)?[A-Z][A-Z0-9_]*$": "a Linux capability in upper case, with or without `CAP_`",
    r"^[A-Za-z0-9][A-Za-z0-9._/-]*$": "letters, digits, `.`, `_`, `/` and `-`, the first a letter or digit",
    r"^[A-Za-z0-9_.:,-]+$": "letters, digits, `_`, `.`, `:`, `,` and `-`",
    r"^[rwm]+$": "the letters r, w and m",
    r"^[a-z]+(/[a-z0-9_]+(/v[0-9]+(\.[0-9]+)?)?)?$": "an operating system, or with architecture and variant, as in "
    "linux/amd64 or linux/arm/v7",
    r"^([0-9]{1,9}|1[0-9]{9}|20[0-9]{8})(:([0-9]{1,9}|1[0-9]{9}|20[0-9]{8}))?$": "a numeric user, or user:group, "
    "as in 1000 or 1000:1000",
    r"^[A-Za-z_][A-Za-z0-9_]*$": "letters, digits and `_`, the first not a digit",
    r"^[-._a-zA-Z0-9]+$": "letters, digits, `-`, `_` and `.`",
    r"^/[A-Za-z0-9/._~@:+,=-]*$": "an absolute path of letters, digits and `/._~@:+,=-`",
    r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$": "a-z, 0-9, `-` and `.`, the first and last a letter or digit",
    COOKIE_PATTERN: "letters, digits, `_` and `-`",
    r"^[A-Za-z0-9 ._-]+$": "letters, digits, blanks, `.`, `_` and `-`",
    r"^SIG[A-Z0-9+-]+$": "the name of a signal, as in SIGTERM",
    r"^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$": "base64",
}
_KEYS: Final = {
    f"[^{CONTROLS}]*": "no control characters",
    QUALIFIED_PATTERN[1:-1]: "a qualified name: app, or example.com/app",
    RESERVED_KEYS: "not below kubernetes.io, k8s.io or ailtire.io",
    r"(?s:.*[A-Za-z0-9].*)": "with a letter or digit",
    rf"(?s:{naming.RESERVED_VARIABLE_PREFIX}.*)": f"none that begins with {naming.RESERVED_VARIABLE_PREFIX}",
    r"[ -<>-~]+": "printable ASCII without `=`",
    r"[a-z0-9]([-a-z0-9]*[a-z0-9])?": "a-z, 0-9 and inner hyphens",
    r"([0-9]+-)*[0-9]*[a-z][a-z0-9]*(-[a-z0-9]+)*": "a-z, 0-9 and single hyphens inside, with at least one letter",
    r"[0-9]{1,5}": "a number",
    r"/[A-Za-z0-9/._~@:+,=-]*|[A-Za-z0-9][A-Za-z0-9._-]*": "a path like /web, or a label like web",
    r"([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?": "a kernel parameter: net.core.somaxconn",
    r"[A-Za-z0-9]([-A-Za-z0-9_./]*[A-Za-z0-9])?": "a resource: NVIDIA-GPU, example.com/fpga",
    r"[a-z]+": "the name of a limit: nofile",
    r"[a-z0-9-]+": "an option of the resolver: ndots",
    r"/[^:]*": "an absolute path without colons",
    r"[A-Za-z0-9_]([-A-Za-z0-9_.]*[A-Za-z0-9_])?": "a host's name: db.example",
}


def key_in_words(rule: KeyRule) -> str:
    """A key rule in words. Raises LookupError for a rule without a description."""
    return _found(_KEYS, rule.pattern)


def words_of(pattern: str) -> str | None:
    """A pattern in words; None without a description, as for the operator's settings."""
    return _WORDS.get(pattern)


def in_words(pattern: str) -> str:
    """A pattern in words. Raises LookupError for a pattern without a description."""
    return _found(_WORDS, pattern)


def _found(words: Mapping[str, str], pattern: str) -> str:
    if pattern not in words:
        raise LookupError(f"add a description of {pattern} to model/patterns.py")
    return words[pattern]
