"""What the summaries of objects of all kinds are made with."""

from collections.abc import Iterable, Mapping
from sys import intern
from typing import Any, Final

from ailtire_operator.cluster.interning import shared_map

Summary = dict[str, Any]
Object = Mapping[str, Any]

MESSAGE_LIMIT: Final = 300


def compact(**values: Any) -> Summary:
    """The given values without those that say nothing."""
    return {key: value for key, value in values.items() if value not in (None, "", (), {})}


def conditions(entries: Iterable[Object] | None) -> dict[str, tuple[str, str, str]]:
    """Conditions by type: status, reason and (shortened) message."""
    # Interned, here and below: thousands of objects say the same few words.
    return {
        intern(entry["type"]): (
            intern(entry["status"]),
            intern(entry.get("reason") or ""),
            intern((entry.get("message") or "")[:MESSAGE_LIMIT]),
        )
        for entry in entries or ()
    }


def labels(found: Mapping[str, str] | None) -> dict[str, str]:
    """Labels, of which most objects of a service have the same."""
    return shared_map({intern(key): intern(value) for key, value in (found or {}).items()})
