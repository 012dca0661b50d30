"""Values as JSON for the page."""

import json
from typing import Any

import orjson


def encode(value: Any) -> bytes:
    """JSON in one line."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:  # half of a surrogate pair, which is no text in UTF-8
        return json.dumps(value).encode()
