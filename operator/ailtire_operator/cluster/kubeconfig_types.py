"""The types of a kubeconfig's fields, held as kubectl holds them: "false" is a text, and not the opposite of true.

kubectl refuses the whole file for one field of a wrong type, in whichever of its entries. The Kubernetes client for
Python takes what it gets. Values are never shown: they are credentials.
"""

import base64
import binascii
import datetime
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ailtire_operator.cluster.errors import ClusterError

_TEXT: Final = "a text"
_FLAG: Final = "true or false"
_BASE64: Final = "a text in base64"
_LIST: Final = "a list"
_MAP: Final = "a map"
_Fields = Mapping[str, str]

_CLUSTER: Final[_Fields] = {
    **dict.fromkeys(("server", "tls-server-name", "certificate-authority", "proxy-url"), _TEXT),
    **dict.fromkeys(("insecure-skip-tls-verify", "disable-compression"), _FLAG),
    "certificate-authority-data": _BASE64,
}
_USER: Final[_Fields] = {
    **dict.fromkeys(("client-certificate", "client-key", "token", "tokenFile", "username", "password"), _TEXT),
    **dict.fromkeys(("as", "as-uid"), _TEXT),
    **dict.fromkeys(("client-certificate-data", "client-key-data"), _BASE64),
    **dict.fromkeys(("exec", "auth-provider", "as-user-extra"), _MAP),
    "as-groups": _LIST,
}
_CONTEXT: Final[_Fields] = dict.fromkeys(("cluster", "user", "namespace"), _TEXT)
_SECTIONS: Final = (("clusters", "cluster", _CLUSTER), ("users", "user", _USER), ("contexts", "context", _CONTEXT))


def check(file: str, config: Any) -> None:
    """Raise ClusterError with the path of the first field of a wrong type; null is as good as nothing."""
    wrong = next(_wrong(config), None)
    if wrong is not None:
        raise ClusterError(f"no usable configuration for the cluster: {file}: {wrong}")


def _wrong(config: Any) -> Iterator[str]:
    yield from _fields(config, {"current-context": _TEXT, **{section: _LIST for section, _, _ in _SECTIONS}}, "")
    for section, name, fields in _SECTIONS:
        for index, entry in enumerate(config.get(section) or ()):
            where = f"{section}[{index}]"
            yield from _fields(entry, {"name": _TEXT, name: _MAP}, where)
            yield from _fields((entry or {}).get(name), fields, f"{where}.{name}")


def _fields(value: Any, fields: _Fields, path: str) -> Iterator[str]:
    if value is not None and not isinstance(value, Mapping):
        yield f"{path or 'the file'} must be a map, not {_described(value)}"
        return
    for name, wanted in fields.items():
        given = (value or {}).get(name)
        if given is not None and not _is(given, wanted):
            yield f"{path}{'.' if path else ''}{name} must be {wanted}, not {_described(given, wanted)}"


def _is(value: Any, wanted: str) -> bool:
    if wanted == _BASE64:
        return isinstance(value, str) and _is_base64(value)
    # What YAML 1.1 in Python reads as a date is a text to kubectl.
    kinds: Mapping[str, Any] = {_TEXT: (str, datetime.date), _FLAG: bool, _LIST: list, _MAP: Mapping}
    return isinstance(value, kinds[wanted])


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode("".join(text.split("\n")).replace("\r", ""), validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _described(value: Any, wanted: str = "") -> str:
    if isinstance(value, str):
        return "another text" if wanted == _BASE64 else "a text (remove its quotation marks)"
    kinds = ((bool, _FLAG), (int | float, "a number (write it between quotation marks)"), (list, _LIST))
    return next((said for kind, said in kinds if isinstance(value, kind)), _MAP)
