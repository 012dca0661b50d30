"""Whole stacks for Hypothesis: trees of up to three levels that use every field of the model."""

import string
from collections.abc import Mapping
from random import Random
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from ailtire_operator import naming
from support.generators.wide_strategies import CONFIGS, SECRETS, deploys, further, with_dependencies

Json = dict[str, Any]

_WORD = string.ascii_lowercase + string.digits
KEYS = st.sampled_from(["web", "api", "db", "admin", "policy_engine", "childStack", "a-b", "ü1", "x" * 63, "gateway"])
KEYS |= st.text(string.ascii_letters + string.digits + "_-.", min_size=1, max_size=12).filter(
    lambda key: any(each.isalnum() for each in key)
)
NAMES = st.from_regex(r"\A[a-z][a-z0-9]{0,8}\Z")
DURATIONS = st.sampled_from(["1s", "5s", "90s", "2m", "1h", "250ms", "1m30s", "20m"])
QUANTITIES = st.sampled_from(["1", "0.5", "100m", "1.5", "64Mi", "1024Mi", "1Gi", "1e3", "1000k", "0", "2500u"])
SIZES = st.sampled_from(["1Gi", "1024Mi", "10G", "500M"])
PORTS = st.integers(1, 65535)
WEB_PORTS = st.sampled_from([80, 3000, 4000, 8080])
IMAGES = st.sampled_from(["web:1", "web", "api:2.1", "registry.example/team/db:3", "host:5000/cache", "shop_web:1.4"])
TEXT = st.text(string.printable, max_size=12) | st.sampled_from(["$(X)", "$$", "a b", "", "é"])
PATHS = st.sampled_from(["/", "/web", "/web/", "/docs/", "/a/b", "/a.b+c"])
SIGNALS = st.sampled_from(["SIGINT", "SIGQUIT", "SIGRTMIN+3", "SIGTERM"])
VARIABLES = st.sampled_from(["LOG_LEVEL", "PRICE", "a.b", "X", "Y"])
LABEL_KEYS = st.sampled_from(["team", "example.com/tier", "a"])
LABEL_VALUES = st.sampled_from(["blue", "", "x_1.y"])


def maybe(**fields: SearchStrategy[Any]) -> SearchStrategy[Json]:
    """An object with any of these fields."""
    return st.fixed_dictionaries({}, optional=fields)


def objects(required: Mapping[str, SearchStrategy[Any]], **fields: SearchStrategy[Any]) -> SearchStrategy[Json]:
    """An object with these fields and any of those."""
    return st.fixed_dictionaries(dict(required), optional=fields)


def maps(keys: SearchStrategy[str], values: SearchStrategy[Any], most: int = 3) -> SearchStrategy[Json]:
    """A map whose keys never become the same name."""
    pairs = st.lists(st.tuples(keys, values), max_size=most, unique_by=lambda pair: naming.sanitize(pair[0]))
    return pairs.map(dict)


_RESOURCES: SearchStrategy[Json] = st.sampled_from(
    [
        {"limits": {"cpu": "0.5", "memory": "1024Mi"}},
        {"limits": {"cpu": 1}, "reservations": {"cpu": "100m", "memory": "64Mi"}},
        {"reservations": {"memory": "1e3"}},
        {},
    ]
)
_SCALING = objects({"max": st.integers(4, 9)}, min=st.integers(0, 4), cpu=st.integers(1, 90), memory=st.integers(1, 90))
_ACCESS = maybe(
    rateLimit=st.integers(1, 100),
    allow=st.lists(st.sampled_from(["10.0.0.0/8", "192.0.2.1", "2001:db8::/32"]), unique=True),
    authentication=objects({"secret": NAMES}, realm=st.sampled_from(["Shop", "off", "A b"])),
)
_POLICIES = maybe(
    scaling=_SCALING,
    timeout=st.fixed_dictionaries({"requestTimeout": DURATIONS}),
    retry=st.fixed_dictionaries({"maxRetries": st.integers(0, 5)}),
    accessControl=_ACCESS,
    logging=st.fixed_dictionaries({"level": st.sampled_from(["debug", "info", "warn", "error", "none"])}),
)
_TIMING = {
    "interval": DURATIONS,
    "timeout": DURATIONS,
    "retries": st.integers(0, 5),
    "startPeriod": DURATIONS,
    "startInterval": DURATIONS,
}
_TESTS = st.sampled_from([["NONE"], ["CMD", "true"], ["CMD-SHELL", "test -f /x"]])
_HEALTHCHECK = (
    objects({"test": _TESTS}, **_TIMING)
    | objects({"http": PATHS, "port": PORTS}, **_TIMING)
    | objects({"tcp": st.booleans(), "port": PORTS}, **_TIMING)
    | st.just({"disable": True})
)
_INTERFACE = maps(
    st.sampled_from(["/", "/web", "/web/socket.io", "/docs/", "/a.b", "//c", "/x/../y", "web", "doc"]),
    maybe(path=PATHS, port=WEB_PORTS, protocol=st.sampled_from(["http", "https", "ws", "tcp"])),
    2,
)
_NAMED_PORTS = maps(
    st.sampled_from(["peer", "gossip", "p-3000-tcp", "x1"]),
    objects(
        {"port": PORTS}, protocol=st.sampled_from(["TCP", "UDP", "SCTP"]), appProtocol=st.just("kubernetes.io/h2c")
    ),
)
_REFERENCES = st.sampled_from(["secret", "configMap"]).flatmap(
    lambda kind: objects({kind: NAMES, "key": NAMES}, optional=st.booleans())
)
_SOURCES = st.sampled_from(["secret", "configMap"]).flatmap(
    lambda kind: objects({kind: NAMES}, prefix=st.just("P_"), optional=st.booleans())
)
_EDGE_COMMON = {
    "hosts": st.lists(st.sampled_from(["shop.example", "*.shop.example", "b.example"]), unique=True),
    "tls": st.fixed_dictionaries({"secretName": NAMES}),
    "annotations": st.dictionaries(st.just("example.com/edge"), LABEL_VALUES),
    "className": NAMES,
}
_PARENT_REF = objects({"name": NAMES}, namespace=NAMES, sectionName=NAMES)
_EDGE = objects({"kind": st.just("Ingress")}, **_EDGE_COMMON) | objects(
    {"kind": st.just("HTTPRoute"), "parentRef": _PARENT_REF}, **_EDGE_COMMON
)
_DATA = maybe(
    size=SIZES,
    storageClass=NAMES,
    mode=st.sampled_from(["ReadWriteOnce", "ReadWriteMany", "ReadOnlyMany", "ReadWriteOncePod"]),
    retain=st.booleans(),
    perReplica=st.booleans(),
)
_NETWORK_KEYS = st.sampled_from(["telemetry", "bus", "siblings", "parent", "Net_1", "z"])
_NETWORK = maybe(
    name=st.sampled_from(["shared", "bus"]),
    external=st.booleans(),
    internal=st.booleans(),
    driver=st.just("overlay"),
    attachable=st.booleans(),
)
_ALIASES = st.lists(
    st.sampled_from(["frontend", "web", "admin", "Big", "no_dns", "collector"]), unique=True, max_size=3
)


@st.composite
def _memberships(draw: DrawFn, declared: Json) -> Json:
    known = ["siblings", "children", "parent", *declared]
    keys = draw(st.lists(st.sampled_from(known), unique=True, max_size=3))
    return {key: draw(maybe(aliases=_ALIASES)) for key in keys}


@st.composite
def _mounts(draw: DrawFn, data: Json) -> Json:
    targets = draw(st.lists(st.sampled_from(["/a", "/b", "/c", "/d"]), unique=True, max_size=3))
    names = draw(st.lists(KEYS, unique=True, min_size=len(targets), max_size=len(targets)))
    found = {}
    for name, target in zip(names, targets, strict=True):
        mount: Json = {"target": target}
        kind = draw(st.sampled_from(["scratch", "scratch", "socket", "data", "data"]))
        if kind == "socket":
            mount["source"] = "/var/run/docker.sock"
        elif kind == "data" and data:
            mount["source"] = draw(st.sampled_from(sorted(data)))
        else:
            mount |= draw(maybe(medium=st.sampled_from(["Disk", "Memory"]), size=SIZES))
        found[name] = mount | draw(maybe(readOnly=st.booleans()))
    return found


_TIMES = st.sampled_from(["2026-11-29T12:00:00Z", "2026-11-29T12:00:00.5+01:00", "2027-01-01T00:00:00Z"])


@st.composite
def _plain(draw: DrawFn, networks: Json, data: Json, configs: Json, secrets: Json) -> Json:
    words = st.lists(TEXT, min_size=1, max_size=3)
    return (
        {"image": draw(IMAGES)}
        | draw(further(configs, secrets))
        | draw(
            maybe(
                type=st.just("service"),
                entrypoint=words,
                command=words,
                workingDir=st.just("/srv"),
                user=st.sampled_from(["1000", "1000:2000", "7:0"]),
                readOnly=st.booleans(),
                environment=st.dictionaries(VARIABLES, TEXT | st.integers(-5, 5), max_size=3),
                environmentFrom=st.lists(_SOURCES, max_size=2),
                environmentValuesFrom=st.dictionaries(VARIABLES, _REFERENCES, max_size=2),
                ports=_NAMED_PORTS,
                interface=_INTERFACE,
                healthcheck=_HEALTHCHECK,
                volumes=_mounts(data),
                deploy=deploys(_RESOURCES),
                policies=_POLICIES,
                networks=_memberships(networks),
                stopSignal=SIGNALS,
                stopGracePeriod=DURATIONS,
                labels=st.dictionaries(LABEL_KEYS, LABEL_VALUES, max_size=2),
                annotations=st.dictionaries(LABEL_KEYS, TEXT, max_size=2),
                restartedAt=_TIMES,
            )
        )
    )


@st.composite
def _child(draw: DrawFn, networks: Json, depth: int, references: list[str]) -> Json:
    service: Json = {"type": "stack"}
    by_reference: bool = draw(st.booleans())
    if references and by_reference:
        service["stackRef"] = {"name": draw(st.sampled_from(references))} | draw(maybe(optional=st.booleans()))
    else:
        service["stack"] = draw(_specs(depth - 1, references))
    interface = maps(st.sampled_from(["/x", "/", "child"]), maybe(path=PATHS, protocol=st.just("ws")), 2)
    more = maybe(interface=interface, networks=_memberships(networks), policies=_POLICIES, restartedAt=_TIMES)
    return service | draw(more)


def specs(depth: int = 2, references: list[str] | None = None) -> st.SearchStrategy[Json]:
    """The spec of one stack with ``depth`` levels below it at the most; ``references`` names templates it may use."""
    return _specs(depth, references).map(lambda spec: _declaring(spec, bool(references)))


def _declaring(spec: Json, templates: bool) -> Json:
    """The spec with the kinds that it has to declare for what stands below it, or for templates that may need them."""
    below = any(_has_route(member.get("stack")) for member in spec["services"].values())
    return spec | ({"additionalKinds": ["HTTPRoute"]} if below or templates else {})


def _has_route(spec: Json | None) -> bool:
    if not spec:
        return False
    own: bool = spec.get("edge", {}).get("kind") == "HTTPRoute"
    return own or any(_has_route(member.get("stack")) for member in spec["services"].values())


@st.composite
def _specs(draw: DrawFn, depth: int, references: list[str] | None) -> Json:
    networks = draw(maps(_NETWORK_KEYS, _NETWORK, 2))
    data = draw(maps(KEYS, _DATA, 2))
    configs, secrets = draw(CONFIGS), draw(SECRETS)
    member = _plain(networks, data, configs, secrets)
    if depth > 0:
        member |= _child(networks, depth, references or [])
    optional = maybe(
        appName=st.sampled_from(["shop", "My.App_1"]),
        environment=st.sampled_from(["dev", "prod"]),
        imageRegistry=st.sampled_from(["registry.example/shop", "host:5000"]),
        imagePullSecrets=st.lists(NAMES, unique=True, max_size=2),
        images=st.dictionaries(IMAGES, IMAGES, max_size=2),
        securityProfile=st.sampled_from(["restricted", "baseline"]),
        env=st.dictionaries(VARIABLES, TEXT | st.integers(-5, 5), max_size=2),
        restartedAt=_TIMES,
        verify=st.fixed_dictionaries(
            {"image": IMAGES},
            optional={
                "command": st.lists(TEXT, max_size=2),
                "environment": st.dictionaries(VARIABLES, TEXT, max_size=2),
                "timeout": st.sampled_from(["5s", "1h30m"]),
            },
        ),
        interface=maybe(ports=st.dictionaries(st.sampled_from(["80", "443", "6650"]), WEB_PORTS)),
        gateway=maybe(replicas=st.integers(0, 3), image=IMAGES, resources=_RESOURCES),
        edge=_EDGE,
    )
    services = draw(with_dependencies(draw(maps(KEYS, member, 4))))
    files = {"configs": configs, "secrets": secrets}
    return {"services": services, "networks": networks, "data": data, **files} | draw(optional)


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The paths to all scalars of a JSON value."""
    if isinstance(value, dict):
        return [leaf for key, each in value.items() for leaf in leaves(each, (*path, key))]
    if isinstance(value, list):
        return [leaf for index, each in enumerate(value) for leaf in leaves(each, (*path, index))]
    return [path]


def reordered(value: Any, order: Random | None = None) -> Any:
    """The same JSON value with the keys of every map in another order: the other way round, or as chance has it."""
    if isinstance(value, dict):
        keys = list(reversed(value)) if order is None else order.sample(list(value), len(value))
        return {key: reordered(value[key], order) for key in keys}
    if isinstance(value, list):
        return [reordered(each, order) for each in value]
    return value
