"""Stacks that mean harm, as an author with no more than ``edit`` can write them: what to apply, by name and in turn."""

from collections.abc import Callable
from typing import Any

from ailtire_operator import naming

Resource = dict[str, Any]
ESCAPES = "\x1b]0;title\x07\x1b[2J\x1b[31m\x1b]8;;http://evil.example\x07\x9b31m\u202e"
"""Changes a terminal's title, clears it, colours it, makes a link of it, and turns the direction of writing."""
IMAGE = {"image": "web:1", "user": "1000"}
REFERENCE = {"type": "stack"}


def stack(name: str, spec: dict[str, Any]) -> Resource:
    """An AiltireStack without a namespace."""
    return {"apiVersion": naming.API_VERSION, "kind": naming.KIND, "metadata": {"name": name}, "spec": spec}


def inline(definition: Any) -> dict[str, Any]:
    """The spec of a root with one child that is spelled out."""
    return {"services": {"kid": {"type": "stack", "stack": definition}}}


def nested_lists(depth: int) -> Any:
    """``[[[…]]]``."""
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value


def nested_maps(depth: int) -> Any:
    """``{a: {a: …}}``."""
    value: Any = {}
    for _ in range(depth):
        value = {"a": value}
    return value


def nested_stacks(depth: int) -> dict[str, Any]:
    """A child in a child in a child."""
    value: dict[str, Any] = {"services": {"web": IMAGE}}
    for _ in range(depth):
        value = inline(value)
    return value


def referring(*names: str, count: int = 1) -> dict[str, Any]:
    """Services that are so many children of each of these templates."""
    return {f"{name}{number}": {**REFERENCE, "stackRef": {"name": name}} for name in names for number in range(count)}


def template(name: str, services: dict[str, Any], **more: Any) -> Resource:
    """A stack that others refer to."""
    return stack(name, {"template": True, "services": services, **more})


def _deep(value: Any) -> list[Resource]:
    return [stack("deep", inline({"services": {"web": {**IMAGE, "labels": value}}}))]


def _amplified() -> list[Resource]:
    """One large template, held by a hundred children."""
    fat = template("fat", {}, images={f"i{number}": "x" * 400 for number in range(400)})
    return [fat, stack("amplified", {"services": referring("fat", count=100)})]


def _growing() -> list[Resource]:
    """A tree within its limit, whose leaf's template then grows."""
    missing = {f"k{number}": {**REFERENCE, "stackRef": {"name": "nope", "optional": True}} for number in range(60)}
    return [
        template("leaf", {}),
        template("twig", referring("leaf", count=10)),
        stack("growing", {"services": referring("twig", count=10)}),
        template("leaf", missing),
    ]


def _many() -> list[Resource]:
    """Few templates that make hundreds of stacks: each refers twice to the next."""
    idle = {"w": {**IMAGE, "ports": {"p": {"port": 80}}, "deploy": {"replicas": 0}}}
    levels = [template(f"q{level}", idle | referring(f"q{level + 1}", count=2)) for level in range(6)]
    return [*levels, template("q6", idle), stack("many", {"services": referring("q0", count=2)})]


def _wide() -> list[Resource]:
    """Many services that share a file."""
    one = {**IMAGE, "ports": {"p": {"port": 80}}, "configs": {"c": {}}}
    services = {f"s{number}": one for number in range(120)}
    return [stack("wide", {"services": services, "configs": {"c": {"content": "x"}}})]


def _placeholder(text: str) -> list[Resource]:
    return [stack("placeholder", {"services": {"web": {**IMAGE, "environment": {"A": text}}}})]


def _names(key: str) -> list[Resource]:
    kid = {"services": {key: IMAGE, "b": {**IMAGE, key: 1}}}
    services = {key: IMAGE, f"k{key}": {"type": "stack", "interface": {"/k": {"path": "/"}}, "stack": kid}}
    return [stack("names", {"services": services})]


def _commands() -> list[Resource]:
    """What a shell, Compose or Swarm would carry out."""
    networks = {"x": {"name": "n\ntouch ./owned\n#", "external": True}, "y$(touch owned)": {"external": True}}
    files = {"../../../owned": {"content": "x"}}
    web = {
        **IMAGE,
        "networks": {key: {} for key in networks},
        "environment": {"HOME_OF_ADMIN": '${HOME} $HOME {{env "PATH"}}'},
        "command": ["$(id)", "${KUBECONFIG}"],
        "configs": {key: {} for key in files},
        "volumes": {"v": {"source": "$(id)", "target": "/v"}},
    }
    return [
        stack("commands", {"services": {"web": web}, "networks": networks, "configs": files, "data": {"$(id)": {}}})
    ]


def _routed_below() -> list[Resource]:
    edge = {"kind": "HTTPRoute", "parentRef": {"name": "gateway", "namespace": "infra"}, "hosts": ["bank.example"]}
    return [stack("routed", inline({"edge": edge, "services": {"web": {**IMAGE, "interface": {"/": {"path": "/"}}}}}))]


CASES: dict[str, Callable[[], list[Resource]]] = {
    **{f"lists-{depth}": (lambda depth=depth: _deep(nested_lists(depth))) for depth in (100, 1_100, 9_000)},
    **{f"maps-{depth}": (lambda depth=depth: _deep(nested_maps(depth))) for depth in (100, 1_100)},
    **{f"stacks-{depth}": (lambda depth=depth: [stack("deep", nested_stacks(depth))]) for depth in (20, 90)},
    "blanks": lambda: _placeholder("{{" + " " * 1_000),
    "many-blanks": lambda: _placeholder(("{{" + " " * 30) * 1_000),
    "amplified": _amplified,
    "growing": _growing,
    "many": _many,
    "wide": _wide,
    "escapes": lambda: _names(f"a{ESCAPES}"),
    "controls": lambda: _names("a\x9bb"),
    "commands": _commands,
    "routed-below": _routed_below,
}  # fmt: skip
"""By name: what makes the resources, which are applied one after the other."""
