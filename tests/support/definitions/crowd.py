"""Stacks that mean harm, as an author with no more than ``edit`` writes them: what to apply, by name and in turn."""

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from ailtire_operator import naming
from support.definitions import nested

ESCAPES: Final = "\x1b]0;title\x07\x1b[2J\x1b[31m\x1b]8;;http://evil.example\x07\x9b31m\u202e"
"""Changes a terminal's title, clears it, colours it, makes a link of it, and turns the direction of writing."""
_WEB: Final = {"image": "web:1", "user": "1000", "ports": {"p": {"port": 80}}, "deploy": {"replicas": 0}}
_ROUTED: Final = {**_WEB, "interface": {"/web": {"path": "/", "port": 8080}}}

Texts = list[str]
"""Resources as JSON, without a namespace: some nest deeper than Python's own json reads or writes."""


def _stack(name: str, services: Mapping[str, Any], **spec: Any) -> str:
    head = {"apiVersion": naming.API_VERSION, "kind": naming.KIND, "metadata": {"name": name}}
    return json.dumps({**head, "spec": {"services": services, **spec}})


def _deep(shape: str, depth: int) -> Texts:
    """One stack that nests as deep as this, beside one that does not."""
    head = f'"apiVersion":"{naming.API_VERSION}","kind":"{naming.KIND}","metadata":{{"name":"deep"}}'
    return [_stack("flat", {"web": _WEB}), f'{{{head},"spec":{nested.spec(shape, depth)}}}']


def _child(services: Mapping[str, Any], **spec: Any) -> dict[str, Any]:
    return {"type": "stack", "stack": {"services": services, **spec}}


def _references(name: str, count: int) -> dict[str, Any]:
    return {f"k{number}": {"type": "stack", "stackRef": {"name": name, "optional": True}} for number in range(count)}


def _amplified() -> Texts:
    """One template of some 190 KB, for a hundred children."""
    images = {f"i{number}": "x" * 400 for number in range(450)}
    return [_stack("fat", {}, templateOnly=True, images=images), _stack("amplified", _references("fat", 100))]


def _growing() -> Texts:
    """A tree within its limit, whose lowest template then grows."""
    return [
        _stack("low", {}, templateOnly=True),
        _stack("high", _references("low", 10), templateOnly=True),
        _stack("growing", _references("high", 10)),
        _stack("low", _references("nothing", 60), templateOnly=True),
    ]


def _many() -> Texts:
    """Few templates that make some hundred and thirty stacks: each refers twice to the next."""
    levels = 5
    templates = [
        _stack(f"q{level}", {"w": _WEB, **_references(f"q{level + 1}", 2 if level < levels else 0)}, templateOnly=True)
        for level in range(levels + 1)
    ]
    return [*templates, _stack("many", _references("q0", 2))]


def _wide() -> Texts:
    """Many services that share a file."""
    services = {f"s{number}": {**_WEB, "configs": {"c": {}}} for number in range(120)}
    return [_stack("wide", services, configs={"c": {"content": "x"}})]


def _routes() -> Texts:
    """More routes than a gateway has, in a definition of some 100 KB."""
    services = {f"s{n}": {**_WEB, "interface": {f"/{n}/{m}": {} for m in range(64)}} for n in range(94)}
    return [_stack("routes", services)]


def _unknown() -> Texts:
    return [_stack("unknown", {"kid": _child({"web": {**_WEB, **{f"u{n}": 1 for n in range(60_000)}}})})]


def _placeholder(text: str) -> Texts:
    return [_stack("placeholder", {"web": {**_WEB, "environment": {"A": text}}})]


def _names(key: str) -> Texts:
    kid = _child({f"a{key}": _ROUTED, "b": {**_WEB, key: 1}}, interface={"/k": {"path": "/"}})
    return [_stack("names", {f"web{key}": _ROUTED, f"k{key}": kid})]


def _commands() -> Texts:
    """What a shell, Compose or Swarm would carry out."""
    networks: dict[str, Any] = {"x": {"name": "n\ntouch ./owned\n#", "external": True}}
    networks["y$(touch owned)"] = {"external": True}
    files = {"../../../owned": {"content": "x"}}
    web = {
        **_ROUTED,
        "networks": {key: {} for key in networks},
        "environment": {"HOME_OF_ADMIN": '${HOME} $HOME {{env "PATH"}}'},
        "command": ["$(id)", "${KUBECONFIG}"],
        "configs": {key: {} for key in files},
        "volumes": {"v": {"source": "$(id)", "target": "/v"}},
    }
    return [_stack("commands", {"web": web}, networks=networks, configs=files, data={"$(id)": {}})]


def _edge(below: bool) -> Texts:
    """A route of a shared gateway, which the author may not make."""
    edge = {"kind": "HTTPRoute", "parentRef": {"name": "gateway", "namespace": "infra"}, "hosts": ["bank.example"]}
    services = {"web": _ROUTED}
    return [_stack("routed", {"kid": _child(services, edge=edge)}) if below else _stack("routed", services, edge=edge)]


def _claim() -> Texts:
    """A volume that is kept, and a stack of the same name that does not keep it."""
    services = {"db": {**_WEB, "volumes": {"d": {"source": "records", "target": "/d"}}}}
    return [
        _stack("keep", services, data={"records": {"size": "1Gi", "retain": True}}),
        _stack("keep", services, data={"records": {"size": "1Gi"}}),
    ]


def _lookalike() -> Texts:
    """A Deployment that says to belong to a stack which it does not belong to."""
    labels = {naming.LABEL_MANAGED_BY: "ailtire-operator", naming.LABEL_STACK: "seen", naming.LABEL_ROOT: "seen"}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "x:1"}]}}
    spec = {"replicas": 0, "selector": {"matchLabels": labels}, "template": pod}
    metadata = {"name": "seen-web", "labels": labels}
    made = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}
    return [json.dumps(made), _stack("seen", {"web": _WEB, "kid": _child({"web": _WEB})})]


CASES: Final[Mapping[str, Callable[[], Texts]]] = {
    **{f"{shape}-{depth}": partial(_deep, shape, depth) for shape in nested.SHAPES for depth in (100, 1_000)},
    "lists-9000": partial(_deep, "lists", 9_000),
    "stacks-30": partial(_deep, "stacks", 30),
    "blanks": partial(_placeholder, "{{" + " " * 1_000),
    "many-blanks": partial(_placeholder, ("{{" + " " * 30) * 1_000),
    "amplified": _amplified,
    "growing": _growing,
    "many": _many,
    "wide": _wide,
    "routes": _routes,
    "unknown": _unknown,
    "escapes": partial(_names, ESCAPES),
    "control": partial(_names, "\x9b"),
    "commands": _commands,
    "edge": partial(_edge, below=False),
    "edge-below": partial(_edge, below=True),
    "claim": _claim,
    "lookalike": _lookalike,
}
"""By name: what makes the resources, which are applied one after the other."""
