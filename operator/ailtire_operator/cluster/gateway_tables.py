"""What is kept of the tables of a tree's gateway: which ports they are of, what changes with them, what they need.

Each is a key of a ConfigMap, and may hold anything: who may write ConfigMaps may write it.
"""

import json
import re
from collections.abc import Mapping
from sys import intern
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.cluster.summary_parts import Object, Summary
from ailtire_operator.model.nesting import loads

_KEY: Final = re.compile(r"([1-9][0-9]{3,4})\.json")


def key_of(port: int) -> str:
    """The key of the table of the stack with this port."""
    return f"{port}.json"


def pointer_of(port: int) -> str:
    """The same as a JSON pointer into the ConfigMap."""
    return f"/data/{key_of(port)}"


def digest_of(text: str) -> str:
    """What changes with a table."""
    return naming.digest(text, 16)


def summary(obj: Object) -> Summary:
    """The tables of a ConfigMap by their ports: digest, bytes, and what they need of the gateway as a table of its own.

    ``data`` is a digest of everything in it. Nothing of it for a ConfigMap that is none of a tree's gateway.
    """
    labels = obj["metadata"].get("labels") or {}
    if labels.get(naming.LABEL_COMPONENT) != naming.COMPONENT_TREE_GATEWAY:
        return {}
    data: Mapping[str, str] = obj.get("data") or {}
    found = {
        int(match[1]): (digest_of(text), len(text.encode()), intern(_needs(text)))
        for key, text in sorted(data.items())
        if (match := _KEY.fullmatch(key)) is not None
    }
    return {"tables": found, "data": digest_of("\n".join(f"{key}\0{text}" for key, text in sorted(data.items())))}


def _needs(text: str) -> str:
    """A table with what nginx or its pod must have for it alone; empty for what is none."""
    try:
        document = loads(text)
        routes = [
            {name: each[name] for name in ("profile", "passwords") if name in each} for each in document["routes"]
        ]
        needed = {json.dumps(each, sort_keys=True): each for each in routes}
        kept: dict[str, Any] = {name: document[name] for name in ("format", "groups", "streams")}
        return json.dumps({**kept, "routes": [needed[each] for each in sorted(needed)]}, sort_keys=True)
    except (ValueError, TypeError, KeyError, AttributeError):
        return ""
