"""Recognizes variables that look like credentials, by the words of the name or by the value."""

import re
from collections.abc import Mapping
from typing import Final

from ailtire_operator.compose.reporting import Report
from ailtire_operator.model.field_path import FieldPath, path_of

_WORD: Final = re.compile(r"[A-Z]++(?![a-z])|[A-Z]?[a-z]++|[0-9]++")
_ENDS: Final = (
    "PASSWORD", "PASSWORDS", "PASSWD", "PASSPHRASE", "PASSCODE", "SECRET", "SECRETS", "TOKEN", "TOKENS", "APIKEY",
    "CREDENTIAL", "CREDENTIALS", "SECRETKEY", "PRIVATEKEY", "ACCESSKEY",
)  # fmt: skip
_WORDS: Final = frozenset({"PASS", "PWD", "PW", "PSK", "SALT", "PEPPER"})
_KEYS: Final = frozenset({"KEY", "KEYS"})
_OF_KEYS: Final = frozenset(
    {
        "ACCESS", "ACCOUNT", "ADMIN", "API", "APP", "APPLICATION", "AUTH", "CLIENT", "COOKIE", "CRYPTO", "DECRYPTION",
        "ENCRYPTION", "HMAC", "JWT", "LICENSE", "MASTER", "PRIVATE", "ROOT", "SECRET", "SERVICE", "SESSION", "SHARED",
        "SIGNATURE", "SIGNING", "STORAGE",
    }
)  # fmt: skip
_ABOUT: Final = frozenset(
    {
        "AGE", "ALGORITHM", "AUDIENCE", "CHANGE", "COST", "COUNT", "DIR", "DIRECTORY", "DURATION", "ENABLED",
        "ENDPOINT", "EXPIRATION", "EXPIRES", "EXPIRY", "FIELD", "FILE", "HEADER", "HOST", "ID", "ISSUER", "LENGTH",
        "LIFETIME", "MAX", "MIN", "NAME", "PATH", "POLICY", "PREFIX", "PROVIDER", "REQUIRED", "RESET",
        "ROUNDS", "STORE", "TIMEOUT", "TTL",
        "TYPE", "URI", "URL", "VALIDITY",
    }
)  # fmt: skip
"""Last words of names that describe a credential without containing one."""
_PLAIN: Final = frozenset(
    {"", "0", "1", "true", "false", "yes", "no", "on", "off", "none", "null", "disabled", "enabled"}
)
_FILE: Final = re.compile(
    r"(?:/(?:app|config|data|etc|home|mnt|opt|root|run|secrets|srv|tmp|usr|var)|\.{1,2}|file:/)/.*", re.DOTALL
)
_IN_URL: Final = re.compile(r"://[^/?#\s:@]{0,255}:[^/?#\s@]{1,255}@")
_PAIR: Final = re.compile(
    r"(?:password|pwd|passwd|secret|token|accountkey|accesskey|api_?key)\s{0,3}=\s{0,3}[^;&,\s]", re.IGNORECASE
)
_SHAPE: Final = re.compile(
    r"-----BEGIN [A-Z ]{0,32}PRIVATE KEY|AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{20}|github_pat_|glpat-[\w-]{20}"
    r"|xox[abpr]-[0-9]|sk[-_](?:live|test|proj|ant)[-_]|eyJ[\w-]{10,}+\.eyJ"
)
TOLD: Final = "it looks like a credential, and everybody who may read the stack or its pods can read it."


def is_credential(name: str, value: str) -> bool:
    """Whether a variable looks like a password, a token, a key, or a URL with one."""
    if value.strip().lower() in _PLAIN:
        return False
    if _IN_URL.search(value) or _PAIR.search(value) or _SHAPE.match(value):
        return True
    return _names_one(name) and not _FILE.fullmatch(value)


def _names_one(name: str) -> bool:
    words = [each.upper() for each in _WORD.findall(name)]
    for index, word in enumerate(words):
        is_key = word in _KEYS and index > 0 and words[index - 1] in _OF_KEYS
        if is_key or word in _WORDS or word.endswith(_ENDS):
            return _ABOUT.isdisjoint(words[index + 1 :])
    return False


def found(variables: Mapping[str, str]) -> list[str]:
    """The names of those that look like credentials."""
    return [name for name, value in variables.items() if is_credential(name, value)]


def report_each(variables: Mapping[str, str], path: FieldPath, report: Report) -> None:
    """Report each of them as part of the stack."""
    for name in found(variables):
        remedy = "Move it into a Secret, and use environmentValuesFrom."
        report.approximate(path_of(path, name), TOLD, remedy)
