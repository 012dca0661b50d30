"""Finds host names in texts: in URLs and queries, address lists, connection strings, and as plain words.

It decides what certainly is a host, what may be one, and what is not. All regular expressions are bounded, so that no
text takes long.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

Proof = Literal["host", "perhaps", "no"]
"""host: it has a scheme, a port or a field for hosts. perhaps: a separate word. no: part of something else."""

_TOKEN: Final = re.compile(r"(?P<host>[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}+)(?P<port>:\d{1,5}(?!\d))?")
_SCHEME: Final = r"[A-Za-z][A-Za-z0-9+.-]{0,31}:"
_AUTHORITY: Final = re.compile(
    rf"(?:{_SCHEME}|(?<=[@\s\"'(=,])|^)//"
    rf"(?P<value>(?:(?![,;]\s{{0,3}}{_SCHEME}//)[^/\s'\"?#<>\\;]){{1,2048}})"
)
"""What a URL calls its authority: ``user:password@a:1,b:2``. A list of URLs is several of them."""
_FIELD: Final = r"(?i)(?<![A-Za-z0-9])(?:{})\s{{0,3}}=\s{{0,3}}(?P<value>[^\s&;'\")<>]{{1,2048}})"
"""A field of a query, a connection string or an option, also with other words before its name: ``--db-host=…``."""
_HOSTS: Final = re.compile(
    _FIELD.format(
        "hosts?|hostnames?|hostaddr|servers?|server ?names?|addrs?|address|addresses|brokers?"
        "|network address|data source"
    )
)
"""One that holds hosts: ``?host=a,b``, ``Server=tcp:a,1433``."""
_NAMES: Final = re.compile(
    _FIELD.format("db|db[ _]?name|database|database ?name|initial catalog|schema|keyspace|vhost|application[ _]?name")
)
"""One that holds the name of something else, unless there is a port behind it."""
_CREDENTIALS: Final = re.compile(_FIELD.format("user|user[ _]?name|user ?id|uid|password|pass|pwd|token|secret"))
"""One whose value is never a host."""
_TRANSPORT: Final = re.compile(r"(?:tcp|udp|np|ssl|tls|lpc):(?!\d)", re.IGNORECASE)
_BEFORE: Final = re.compile(r"[\w./-]")
_BEHIND: Final = re.compile(r"[\w@-]")


@dataclass(frozen=True, slots=True)
class Mention:
    """A name in a text."""

    host: str
    port: int | None
    proof: Proof
    start: int
    """The index in the text at which the host begins."""

    @property
    def end(self) -> int:
        """The index at which it ends, before its port."""
        return self.start + len(self.host)


def mentions(text: str) -> Iterator[Mention]:
    """Every name in a text, in its order."""
    hosts = {start for match in _AUTHORITY.finditer(text) for start in _in_authority(match)}
    hosts |= {start for match in _HOSTS.finditer(text) for start in _in_list(match["value"], match.start("value"))}
    names = {match.start("value") for match in _NAMES.finditer(text)}
    credentials = {match.start("value") for match in _CREDENTIALS.finditer(text)}
    others = credentials | names
    for match in _TOKEN.finditer(text):
        start, port = match.start(), match["port"]
        yield Mention(
            match["host"],
            int(port[1:]) if port else None,
            _proof(text, match, hosts, credentials if port else others),
            start,
        )


def replaced(text: str, choose: Callable[[Mention], str | None]) -> str:
    """The text with names replaced by ``choose``; None leaves one unchanged."""
    parts, done = [], 0
    for each in mentions(text):
        if each.proof != "no" and (name := choose(each)) is not None:
            parts += [text[done : each.start], name]
            done = each.end
    return "".join([*parts, text[done:]])


def _proof(text: str, match: re.Match[str], hosts: set[int], others: set[int]) -> Proof:
    start, end = match.span()
    if _BEHIND.match(text, end):
        return "no"
    if start in hosts:
        return "host"
    if start in others or (start and _BEFORE.match(text, start - 1)):
        return "no"
    return "host" if match["port"] else "perhaps"


def _in_authority(match: re.Match[str]) -> Iterator[int]:
    """Where hosts begin in the authority of a URL: behind the user, one for each entry of a list."""
    value = match["value"]
    behind = value.rfind("@") + 1
    return _in_list(value[behind:], match.start("value") + behind)


def _in_list(value: str, start: int) -> Iterator[int]:
    """Where the entries of a list begin."""
    for entry in value.split(","):
        transport = _TRANSPORT.match(entry)
        yield start + (transport.end() if transport else 0)
        start += len(entry) + 1
