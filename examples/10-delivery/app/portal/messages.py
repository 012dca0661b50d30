"""What the services say: everything that can be tested without a server. Standard library only."""

import json

ROOM = "news"
LONGEST = 500
"""Characters of an announcement."""


class Refused(ValueError):
    """The text is no announcement."""


def about(release: str, host: str) -> dict[str, str]:
    """Who answers."""
    return {"release": release, "host": host}


def announcement(body: bytes) -> dict[str, str]:
    """Read an announcement from the body of a request: ``{"text": "…"}``. Raises Refused."""
    try:
        given = json.loads(body)
    except ValueError:
        raise Refused("the body is no JSON") from None
    text = given.get("text") if isinstance(given, dict) else None
    if not isinstance(text, str) or not text.strip():
        raise Refused("text is missing")
    if len(text) > LONGEST:
        raise Refused(f"text has more than {LONGEST} characters")
    return {"text": text.strip()}
