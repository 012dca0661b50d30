"""The trees and what happens to them. Each is small: what is explored is the order, not the size."""

from typing import Any, Final

import yaml

from ailtire_operator import naming
from ailtire_operator.cluster.kinds import SERVICE, STACK, VOLUME_CLAIM, Ref
from orders.api_server import ApiServer, Request, merge_patched
from orders.managers import Object
from orders.scenario import Edit, Scenario

USER: Final = "user"
NAMESPACE: Final = "shop"
ROOT: Final = Ref(STACK.kind, NAMESPACE, "shop")

TREE: Final = """
services:
  web: {image: "web:1", user: "1000", dependsOn: {right/cache: {condition: healthy}}}
  left:
    type: stack
    stack:
      services:
        inner: {type: stack, stack: {services: {deep: {image: "deep:1", user: "1000"}}}}
  right: {type: stack, stack: {services: {cache: {image: "cache:1", user: "1000"}}}}
"""
CHAIN: Final = """
services:
  setup: {image: "setup:1", user: "1000", deploy: {mode: replicatedJob}}
  web: {image: "web:1", user: "1000", dependsOn: {setup: {condition: completed}}}
  right: {type: stack, stack: {services: {cache: {image: "cache:1", user: "1000"}}}}
"""
SMALL: Final = """
services:
  web: {image: "web:1", user: "1000"}
"""
GATEWAY: Final = """
services:
  web: {image: "web:1", user: "1000", interface: {/: {port: 3000}}}
interface: {ports: {"80": 3000}}
"""


ADOPTING: Final = """
services:
  web: {image: "web:1", user: "1000", volumes: {rows: {source: rows, target: /rows}}}
data: {rows: {adopt: true, retain: true}, more: {adopt: true, retain: true, claim: theirs}}
"""

NAMING: Final = """
services:
  web: {image: "web:1", user: "1000", adopt: true, dependsOn: {db: {condition: started}}}
  db: {image: "db:1", user: "1000"}
"""


def _spec(text: str) -> Object:
    spec: Object = yaml.safe_load(text)
    return spec


def create(text: str) -> Edit:
    """The root is written."""

    def make(server: ApiServer) -> None:
        metadata = {"name": ROOT.name, "namespace": NAMESPACE}
        body = {"apiVersion": naming.API_VERSION, "kind": naming.KIND, "metadata": metadata, "spec": _spec(text)}
        server.create(USER, body)

    return Edit("create", make)


def change(name: str, patch: Any, ref: Ref = ROOT) -> Edit:
    """A part of an object is changed."""

    def make(server: ApiServer) -> None:
        live = server.objects.get(ref)
        if live is not None:
            server.edit(USER, merge_patched(live, patch))

    return Edit(name, make)


def spec_change(name: str, services: Object) -> Edit:
    """Some services of the root are changed."""
    return change(name, {"spec": {"services": services}})


def delete(ref: Ref = ROOT, propagation: str = "Background") -> Edit:
    """An object is deleted."""

    def make(server: ApiServer) -> None:
        body = f'{{"propagationPolicy": "{propagation}"}}'.encode()
        server.handle(Request(USER, "DELETE", ref.path, {}, body))

    return Edit(f"delete {ref}", make)


def put_claim(ref: Ref) -> Edit:
    """Somebody else has a volume."""

    def make(server: ApiServer) -> None:
        metadata = {"name": ref.name, "namespace": ref.namespace, "labels": {"app": "theirs"}}
        wanted = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
        server.create(USER, {"apiVersion": "v1", "kind": ref.kind, "metadata": metadata, "spec": wanted})

    return Edit(f"put {ref}", make)


def put_workload(ref: Ref, service: str) -> Edit:
    """Somebody else has a Deployment with the selector of a service of the root."""

    def make(server: ApiServer) -> None:
        matches = {
            naming.LABEL_STACK: ROOT.name,
            naming.LABEL_COMPONENT: naming.COMPONENT_SERVICE,
            naming.LABEL_SERVICE: service,
        }
        pod = {"containers": [{"name": service, "image": "theirs:1"}]}
        template = {"metadata": {"labels": {**matches, "app": "theirs"}}, "spec": pod}
        wanted = {"replicas": 1, "selector": {"matchLabels": matches}, "template": template}
        metadata = {"name": ref.name, "namespace": ref.namespace, "labels": {"app": "theirs"}}
        server.create(USER, {"apiVersion": "apps/v1", "kind": ref.kind, "metadata": metadata, "spec": wanted})

    return Edit(f"put {ref}", make)


def put_in_the_way(ref: Ref, labels: Object | None = None) -> Edit:
    """Somebody else has an object of this name; the operator's watch brings it only if it has the operator's label."""

    def make(server: ApiServer) -> None:
        metadata = {"name": ref.name, "namespace": ref.namespace, "labels": labels or {}}
        ports = [{"port": 1, "protocol": "TCP"}]
        server.create(USER, {"apiVersion": "v1", "kind": ref.kind, "metadata": metadata, "spec": {"ports": ports}})

    return Edit(f"put {ref} in the way", make)


def at_once(name: str, *edits: Edit) -> Edit:
    """Several edits between which nothing else happens."""

    def make(server: ApiServer) -> None:
        for each in edits:
            each.make(server)

    return Edit(name, make)


WEB_SERVICE: Final = Ref(SERVICE.kind, NAMESPACE, "shop-web")
CLAIM: Final = Ref(VOLUME_CLAIM.kind, NAMESPACE, naming.volume("shop", "rows"))
THEIRS: Final = Ref(VOLUME_CLAIM.kind, NAMESPACE, "theirs")
WEB_WORKLOAD: Final = Ref("Deployment", NAMESPACE, naming.member("shop", "web"))
_EDITED_AWAY: Final = {"spec": {"services": {"web": {"volumes": None}}, "data": None}}
_NO_LONGER_RETAINED: Final = {"spec": {"data": {"rows": {"adopt": None, "retain": None}, "more": None}}}
_NOT_ADOPTED: Final = {"spec": {"data": {"rows": {"adopt": None}, "more": {"adopt": None}}}}
_LABELS: Final = {naming.LABEL_MANAGED_BY: naming.OPERATOR_NAME}
_TWO: Final = ("operator-1", "operator-2")
_RIGHT_2: Final = {"right": {"stack": {"services": {"cache": {"image": "cache:2"}}}}}

SCENARIOS: Final[tuple[Scenario, ...]] = (
    Scenario("create", (create(TREE),)),
    Scenario("create, and crash", (create(CHAIN),), faults={"crash": 1}),
    Scenario("create a gateway", (create(GATEWAY),), faults={"lose": 1}),
    Scenario(
        "edit twice",
        (
            spec_change("web:2", {"web": {"image": "web:2"}}),
            spec_change("cache:2, web:3", {"web": {"image": "web:3"}, **_RIGHT_2}),
        ),
        base=(create(TREE),),
        faults={"lose": 1, "history": 1},
    ),
    Scenario(
        "a new job",
        (spec_change("setup:2", {"setup": {"image": "setup:2"}}),),
        base=(create(CHAIN),),
        faults={"crash": 1},
    ),
    Scenario(
        "remove a child, and have it again",
        (spec_change("no left", {"left": None}), spec_change("left again", {"left": _spec(TREE)["services"]["left"]})),
        base=(create(TREE),),
        removes=True,
    ),
    Scenario("delete", (delete(),), base=(create(TREE),), faults={"crash": 1}),
    Scenario("delete while it grows", (create(TREE), delete(propagation="Foreground"))),
    Scenario("delete and create at once", (create(SMALL), at_once("create again", delete(), create(SMALL)))),
    Scenario(
        "edit one service twice",
        (
            spec_change("web:2", {"web": {"image": "web:2"}}),
            spec_change("web:3", {"web": {"image": "web:3"}}),
        ),
        base=(create(SMALL),),
        faults={"lose": 1},
    ),
    Scenario(
        "an object is replaced by hand",
        (
            at_once("replace", delete(WEB_SERVICE), put_in_the_way(WEB_SERVICE)),
            change("port", {"spec": {"services": {"web": {"interface": {"/": {"port": 4000}}}}}}),
            delete(WEB_SERVICE),
        ),
        base=(create(GATEWAY),),
    ),
    Scenario("delete and create", (delete(), create(TREE)), base=(create(TREE),)),
    Scenario(
        "edit twice, and delete",
        (
            spec_change("web:2", {"web": {"image": "web:2"}}),
            spec_change("web:3", {"web": {"image": "web:3"}}),
            delete(),
        ),
        base=(create(SMALL),),
        faults={"crash": 1},
    ),
    Scenario(
        "a name conflict",
        (put_in_the_way(WEB_SERVICE), create(GATEWAY), delete(WEB_SERVICE)),
        faults={"history": 1},
    ),
    Scenario(
        "a name conflict that is seen", (put_in_the_way(WEB_SERVICE, _LABELS), create(GATEWAY), delete(WEB_SERVICE))
    ),
    Scenario(
        "the leader changes",
        (spec_change("web:2", {"web": {"image": "web:2"}, **_RIGHT_2}),),
        base=(create(TREE),),
        operators=_TWO,
        faults={"lead": 2},
    ),
    Scenario(
        "claims are taken over",
        (create(ADOPTING), spec_change("web:2", {"web": {"image": "web:2"}})),
        base=(put_claim(CLAIM), put_claim(THEIRS)),
        faults={"crash": 1, "lose": 1},
    ),
    Scenario(
        "a claim is missing, and nothing is taken over before it is there",
        (create(ADOPTING), put_claim(THEIRS)),
        base=(put_claim(CLAIM),),
        faults={"crash": 1},
    ),
    Scenario(
        "claims that were taken over are edited away",
        (
            change("edit away", _EDITED_AWAY),
            change("as before", {"spec": _spec(ADOPTING.replace("web:1", "web:2"))}),
            change("adopt no longer", _NOT_ADOPTED),
            change("stopped", {"spec": {"stopped": True}}),
        ),
        base=(put_claim(CLAIM), put_claim(THEIRS), create(ADOPTING)),
        faults={"crash": 1},
        removes=True,
    ),
    Scenario(
        "claims that were taken over are retained no longer",
        (change("as any volume", _NO_LONGER_RETAINED), delete()),
        base=(put_claim(CLAIM), put_claim(THEIRS), create(ADOPTING)),
        faults={"crash": 1},
    ),
    Scenario(
        "a Deployment is taken over",
        (create(NAMING), spec_change("web:2", {"web": {"image": "web:2"}})),
        base=(put_workload(WEB_WORKLOAD, "web"),),
        faults={"crash": 1, "lose": 1},
    ),
    Scenario(
        "a Deployment that was taken over goes with its stack",
        (spec_change("adopt no longer", {"web": {"adopt": None}}), delete()),
        base=(put_workload(WEB_WORKLOAD, "web"), create(NAMING)),
        faults={"crash": 1},
    ),
    Scenario(
        "drift",
        (
            change("scale by hand", {"spec": {"replicas": 3}}, Ref("Deployment", NAMESPACE, "shop-web")),
            delete(Ref("Deployment", NAMESPACE, "shop-right-cache")),
        ),
        base=(create(TREE),),
        faults={"crash": 1},
    ),
)


def named(name: str) -> Scenario:
    """The scenario of a name."""
    return next(each for each in SCENARIOS if each.name == name)
