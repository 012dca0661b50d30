"""Damage to a definition: other values at some of its places, and then its text cut, doubled and mixed."""

import json
from copy import deepcopy
from typing import Any, Final

import yaml
from hypothesis import strategies as st

from ailtire_operator.compose.errors import JavaScriptError
from ailtire_operator.compose.services_js.javascript import parse_module

_WORDS: Final = [
    "", "-", "0", "80:80", "a:/b:ro", "1s", "1.5e3", "${X}", "${X:?no}", "${X:-${Y}}", "$$", "{{.Task.Slot}}",
    "../../x", "/etc/passwd", "~", "on-failure:3", "service:a", "true", "null", "é", "\x00", "a" * 300, "x=y",
    "1-65535:1-65535",
]  # fmt: skip
_KEYS: Final = [
    "image", "services", "environment", "deploy", "volumes", "networks", "interface", "policies", "healthcheck", "test",
    "ports", "labels", "resources", "limits", "type", "stack", "extends", "include", "build", "configs", "secrets",
    "__proto__", "<<", "x-a", "0", "a.b",
]  # fmt: skip
_TEXTS: Final = st.sampled_from(_WORDS) | st.text(max_size=6)
VALUES: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_KEYS) | _TEXTS, inner, max_size=3),
    max_leaves=8,
)


@st.composite
def definitions(draw: st.DrawFn, seeds: list[Any]) -> Any:
    """A seed with other values at up to four places."""
    data = deepcopy(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(1, 4))):
        holder, key = draw(st.sampled_from(_places(data) or [(data, None)]))
        match draw(st.sampled_from(["replace", "remove", "add"])):
            case "replace" if key is not None:
                holder[key] = draw(VALUES)
            case "remove" if key is not None:
                del holder[key]
            case _ if isinstance(holder, dict):
                holder[draw(st.sampled_from(_KEYS) | _TEXTS)] = draw(VALUES)
            case _:
                holder.append(draw(VALUES))
    return data


def _places(data: Any) -> list[tuple[Any, Any]]:
    """All maps and lists with each of their keys."""
    found: list[tuple[Any, Any]] = []
    waiting = [data]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict | list):
            keys = list(node) if isinstance(node, dict) else list(range(len(node)))
            found += [(node, key) for key in keys]
            waiting += [node[key] for key in keys]
    return found


@st.composite
def texts(draw: st.DrawFn, seeds: list[str]) -> str:
    """A seed's text with pieces cut out, doubled or put in."""
    text = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 40)))
        piece = draw(st.sampled_from([text[start:end] * 2, "", *"[]{}:&*!|>'\"`#,$\t\n"]) | _TEXTS)
        text = text[:start] + piece + text[end:]
    return text


def damaged(suffix: str, seeds: list[str]) -> st.SearchStrategy[str]:
    """Texts for one reader."""
    parsed = [data for data in map(_READ[suffix], seeds) if isinstance(data, dict) and data]
    return definitions(parsed).map(_WRITTEN[suffix]) | texts(seeds)


def _from_yaml(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return None


def _from_javascript(text: str) -> Any:
    try:
        return parse_module(text, name="seed").data
    except JavaScriptError:
        return None


_READ: Final = {".yaml": _from_yaml, ".js": _from_javascript}
_WRITTEN: Final = {
    ".yaml": lambda data: yaml.safe_dump(data, allow_unicode=True),
    ".js": lambda data: f"module.exports = {json.dumps(data)};\n",
}
