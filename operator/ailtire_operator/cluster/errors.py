"""What can go wrong between the operator and the API server.

::

    ClusterError          the API server refused, or something this project has no name for
    ├── Conflict          409: somebody else was faster, or the object is another one than we thought
    │   ├── Foreign       the object exists and belongs to somebody else: it is not written
    │   │   └── Orphaned  it exists and was the stack's, as it seems, but has lost its owner
    │   └── NotGone       an object that has been deleted, and has to go first, is still there
    ├── NotFound          404: neither the object nor, for a whole collection, its kind exists
    ├── Denied            401, 403: RBAC, admission, quota; ``reason`` holds the server's words
    ├── Invalid           400, 413, 415, 422: the object itself is refused, ``causes`` names the fields
    ├── Refused           this operator declines to do it: it would lose data
    ├── Gone              410: the history that a watch or a page asked for is compacted away
    └── Unavailable       5xx, 429, timeouts, connection: trying again later can help
    NotLeader             not an answer of the cluster: this process may not write at all

``str()`` of each is a sentence for the person who wrote the stack: it goes into the status as it is.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ailtire_operator import printable

MESSAGE_LIMIT: Final = 300
_BEGINNING: Final = 180
"""Characters of a longer message that stand before the gap."""
_LEAD = re.compile(r'^[\w.]+ "[^"]*" is (?:invalid|forbidden): |^failed to create typed patch object \([^)]*\): ')
_NOT_A_SCHEMA_MATCH = ("failed to create typed patch object", "field not declared in schema")


class NotLeader(Exception):
    """The lease is not ours (any more): nothing may be written."""


class ClusterError(Exception):
    """An answer that is no success, in the words of the API server."""

    def __init__(self, message: str, *, status: int = 0) -> None:
        super().__init__(shorten(message))
        self.status = status


class Conflict(ClusterError):
    """The object has changed, exists already, or has another uid."""


class Foreign(Conflict):
    """The object is not that of the stack for which it was to be written."""


class Orphaned(Foreign):
    """The object has no owner that exists, and could be taken over if somebody asked for it."""


class NotGone(Conflict):
    """What was deleted, and has to go before this can be written, is still there."""


class NotFound(ClusterError):
    """There is no such object or kind."""


class Denied(ClusterError):
    """The operator's service account may not, or an admission rule or quota says no."""

    def __init__(self, message: str, *, status: int = 403, reason: str = "") -> None:
        super().__init__(message, status=status)
        self.reason = reason or str(self)


class Invalid(ClusterError):
    """The object is not acceptable; ``causes`` are pairs of a field's path and what is wrong with it."""

    def __init__(self, message: str, *, status: int = 422, causes: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(message, status=status)
        self.causes = tuple(causes)


class WouldLoseData(ClusterError):
    """The change cannot be made in place, and replacing the object would lose what must not be lost."""


class Gone(ClusterError):
    """The resourceVersion or continue token is too old."""


class Unavailable(ClusterError):
    """No answer, or one that says: later."""

    def __init__(self, message: str, *, status: int = 0, retry_after: float | None = None) -> None:
        super().__init__(message, status=status)
        self.retry_after = retry_after


def shorten(message: str) -> str:
    """One line of at most ``MESSAGE_LIMIT`` characters. It is cut in the middle.

    An API server says at the beginning what was refused, then quotes the value, and says at the end what is wrong.
    """
    line = printable.line(" ".join(message.split()))
    return line if len(line) <= MESSAGE_LIMIT else f"{line[:_BEGINNING]}…{line[_BEGINNING + 1 - MESSAGE_LIMIT :]}"


def from_status(code: int, body: Mapping[str, Any], retry_after: str | None = None) -> ClusterError:
    """The error for a ``Status`` object: the body of a failed request, or of an ERROR event in a watch."""
    said = str(body.get("message") or "")
    message = _LEAD.sub("", said) or f"the API server answered {code}"
    details = body.get("details") or {}
    if code == 404:
        return NotFound(message, status=code)
    if code == 409:
        return Conflict(message, status=code)
    if code == 410 or body.get("reason") == "Expired":
        return Gone(message, status=code)
    if code in (401, 403):
        return Denied(message, status=code, reason=said)
    # An apply with the uid of an object that was deleted and made anew: not the manifest is wrong, but what we knew.
    if code == 422 and any(cause.get("field") == "metadata.uid" for cause in details.get("causes") or ()):
        return Conflict("another object has the name by now: its uid is another", status=409)
    # A field that the schema does not know makes server-side apply answer 500: nothing that waiting could heal.
    if code in (400, 413, 415, 422) or (code == 500 and any(words in said for words in _NOT_A_SCHEMA_MATCH)):
        return Invalid(message, status=code, causes=_causes(details))
    if code == 429 or code >= 500:
        return Unavailable(message, status=code, retry_after=_seconds(retry_after, details))
    return ClusterError(message, status=code)


def _causes(details: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(cause.get("field", ""), shorten(cause.get("message", ""))) for cause in details.get("causes") or ()]


def _seconds(header: str | None, details: Mapping[str, Any]) -> float | None:
    """The wait that the server asks for. A date in the header is not worth a clock: it reads as no wish at all."""
    wish = header if header is not None else details.get("retryAfterSeconds")
    try:
        return None if wish is None else max(0.0, float(wish))
    except ValueError:
        return None
