"""What the page's handlers share: names and values out of a request, and answers as JSON. Everything is bounded."""

from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

from ailtire_operator import naming, printable
from ailtire_operator.cli.failures import Exit, Failure
from ailtire_operator.cli.paths import SEPARATOR
from ailtire_operator.cli.ui.encoding import encode

ANSWER_LIMIT: Final = 8 << 20
"""Bytes of one answer."""
TEXT_LIMIT: Final = 1 << 20
"""Characters of one document in an answer."""
_VALUE_LIMIT: Final = 2048
"""Characters of a value in a query."""
_TRUTHS: Final = {"true": True, "false": False}


def stack_of(request: web.Request) -> str:
    """The stack's name in the path. Raises Failure for a name, or a namespace, that none can have."""
    namespace, name = request.match_info["namespace"], request.match_info["stack"]
    if not naming.is_dns_label(namespace):
        raise Failure(f"'{printable.line(namespace[: naming.OBJECT_NAME_LIMIT])}' is no namespace's name")
    if not naming.is_dns_label(name):
        raise Failure(f"'{printable.line(name[: naming.OBJECT_NAME_LIMIT])}' is no stack's name")
    return name


def path_of(request: web.Request) -> str:
    """The path that is meant: the stack, or with ``service`` in the query that service of it. Raises Failure."""
    return service_path(stack_of(request), text(request, "service"))


def service_path(stack: str, key: str) -> str:
    """The path of a stack, or of a service directly in it. Raises Failure for what is no key."""
    if SEPARATOR in key:
        raise Failure("service is the key of a service, not a path", "Choose the stack that holds it.")
    return SEPARATOR.join(filter(None, (stack, key)))


def text(request: web.Request, name: str, *, limit: int = _VALUE_LIMIT) -> str:
    """A value in the query; empty where there is none. Raises Failure for one that is too long or no text."""
    values = request.query.getall(name, [])
    if len(values) > 1:
        raise Failure(f"{name} is given {len(values)} times; give it once")
    found: str = values[0] if values else ""
    if len(found) > limit:
        raise Failure(f"{name} has more than {limit} characters")
    if printable.has_controls(found):
        raise Failure(f"{name} has control characters")
    return found


def number(request: web.Request, name: str, default: int | None, least: int, most: int) -> int | None:
    """A whole number in the query. Raises Failure for any other value."""
    found = text(request, name)
    return default if not found else whole_number(name, found, least, most)


def whole_number(name: str, written: str, least: int, most: int) -> int:
    """A number as it is written in an address. Raises Failure for what is none, or is out of its bounds."""
    if not (written.isascii() and written.isdecimal() and len(written) <= len(str(most))):
        raise Failure(f"{name} is a whole number from {least} to {most}")
    if not least <= int(written) <= most:
        raise Failure(f"{name} is from {least} to {most}")
    return int(written)


def flag(request: web.Request, name: str) -> bool:
    """``true`` or ``false`` in the query; without one it is false. Raises Failure for any other value."""
    found = text(request, name)
    if found and found not in _TRUTHS:
        raise Failure(f"{name} is true or false")
    return _TRUTHS.get(found, False)


def answer(value: Any) -> web.Response:
    """The value as JSON; its texts show what a terminal might obey. Raises Failure if it is too long."""
    body = encoded(value)
    if len(body) > ANSWER_LIMIT:
        hint = "Choose a stack below it, or a service."
        raise Failure(f"the answer has more than {ANSWER_LIMIT >> 20} MiB", hint, code=Exit.NO)
    return web.Response(body=body, content_type="application/json")


def encoded(value: Any) -> bytes:
    """One line of JSON."""
    return encode(_shown(value))


def _shown(value: Any) -> Any:
    """Escapes in place of control characters and what turns the direction of text, in every text of the value."""
    if isinstance(value, str):
        return printable.lines(value)
    if isinstance(value, Mapping):
        return {printable.lines(str(key)): _shown(each) for key, each in value.items()}
    return [_shown(each) for each in value] if isinstance(value, list | tuple) else value


def document(text: str) -> str:
    """A document of bounded length: what is cut off is said in its last line, as a comment of YAML."""
    if len(text) <= TEXT_LIMIT:
        return text
    kept = text[:TEXT_LIMIT].rpartition("\n")[0]
    return f"{kept}\n# cut off here: {len(text) - len(kept):,} more characters\n"
