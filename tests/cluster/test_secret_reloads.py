"""reloadOnSecrets on a real API server: only metadata is asked for, and pods are replaced once for a change."""

from collections.abc import Callable, Iterator
from contextlib import aclosing
from typing import Any

import pytest

from ailtire_operator import naming
from ailtire_operator.cluster.connection import Connection
from ailtire_operator.cluster.kinds import SECRET
from ailtire_operator.cluster.list_watch import ListWatch
from lab import Audit, CommandError, ControlPlane, Operator, eventually, forking
from lab.audit import OPERATOR, Request
from lab.paths import ROOT
from support.kube.trees import Trees, child, service

ROLES = ROOT / "manifests" / "secret-metadata" / "roles.yaml"
SETTING = {"AILTIRE_OPERATOR_WATCH_SECRET_METADATA": "true"}
SECRETS = {"password": {"secret": "db", "key": "password"}}


def shop(image: str = "docker.io/library/web:1", **fields: Any) -> dict[str, Any]:
    """Two levels: one service that follows its Secret, and beside it one that does not."""
    reads: dict[str, Any] = {"environmentValuesFrom": {"PASSWORD": SECRETS["password"]}}
    api = service(image, reloadOnSecrets=True, **reads, **fields)
    db = service(secrets={"password": {}}, reloadOnSecrets=True)
    orders = child({"api": api, "db": db, "other": service(**reads)})
    orders["stack"]["secrets"] = SECRETS
    return {"services": {"orders": orders}}


Starter = Callable[[bool], Operator]


@pytest.fixture
def watching(control_plane: ControlPlane, installed_operator: Operator) -> Iterator[Starter]:
    """Starts the operator with or without the overlay's setting, and takes it back at the end."""
    running = installed_operator

    def start(setting: bool) -> Operator:
        nonlocal running
        running.stop()
        running = Operator(control_plane, SETTING if setting else None, launch=forking.spawn)
        running.start()
        return running

    yield start
    running.stop()
    control_plane.kubectl("delete", "-f", str(ROLES), "--ignore-not-found")


def write(trees: Trees, value: str) -> None:
    path = f"{SECRET.path(trees.namespace)}/db"
    metadata = {"name": "db", "namespace": trees.namespace}
    trees.plane.api.apply(
        path, {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"password": value}}
    )


def rolled(trees: Trees, since: int) -> list[str]:
    """The workloads that were written since a mark."""
    return sorted(each.name for each in trees.writes(since) if each.resource == "deployments.apps")


def generations(trees: Trees) -> dict[str, Any]:
    """What would have to change for a pod to be replaced."""
    return {each["metadata"]["name"]: each["spec"]["template"] for each in trees.all_of("Deployment")}


def asked(audit: Audit, since: int) -> list[Request]:
    return [each for each in audit.requests(since) if each.user == OPERATOR and each.resource.startswith("secrets")]


def test_a_new_version_replaces_pods_once_and_nothing_else_does(
    control_plane: ControlPlane, audit: Audit, namespace: str, watching: Starter
) -> None:
    trees = Trees(control_plane, audit, namespace)
    begun = audit.mark()
    watching(False)
    write(trees, "first")
    trees.apply("shop", shop())
    trees.until_ready("shop", "shop-orders")
    write(trees, "second")
    trees.settle()
    assert asked(audit, begun) == [], "without the overlay nothing is asked of Secrets"
    assert [each["path"] for each in notices(trees)] == [
        "spec.services.api.reloadOnSecrets",
        "spec.services.db.reloadOnSecrets",
    ]
    assert "does not watch Secrets" in notices(trees)[0]["message"]
    before = generations(trees)

    # Turned on before the right is there: as before, but for the reason.
    watching(True)
    trees.until("denied", lambda: "may not list" in str(notices(trees)))
    grant(control_plane)
    watching(True)
    trees.until("turned on", lambda: versions(trees, "api"))
    trees.until("no notice", lambda: not notices(trees))
    trees.settle()
    assert generations(trees) == before, "turning it on replaces no pod"

    mark = audit.mark()
    write(trees, "third")
    trees.until("api replaced", lambda: changed(trees, before) == ["shop-orders-api", "shop-orders-db"])
    trees.until_ready("shop", "shop-orders")
    trees.settle()
    assert rolled(trees, mark) == ["shop-orders-api", "shop-orders-db"], "each once, and who did not ask for it never"
    (entry, *_) = trees.status("shop-orders")["rollouts"]
    assert (entry["cause"], entry.get("manager", "")) == ("SecretChanged", "")
    assert entry["changes"][0]["after"].startswith("db@")

    # Neither the operator's restart, nor a label's going by, nor another definition is a change of the Secret.
    after, mark = generations(trees), audit.mark()
    running = watching(True)
    trees.settle()
    assert (rolled(trees, mark), generations(trees)) == ([], after)
    trees.apply("shop", shop("docker.io/library/web:2"))
    trees.until("image", lambda: changed(trees, after) == ["shop-orders-api"])
    trees.until_ready("shop", "shop-orders")
    trees.settle()
    assert rolled(trees, mark) == ["shop-orders-api"]

    # What changed while no operator ran replaces pods once when one runs again.
    running.kill()
    after, mark = generations(trees), audit.mark()
    write(trees, "fourth")
    running = watching(True)
    trees.until("seen late", lambda: len(changed(trees, after)) == 2)
    trees.settle()
    assert rolled(trees, mark) == ["shop-orders-api", "shop-orders-db"]

    # Turned off, changed, and turned on again: no pod is replaced for any of it.
    watching(False)
    trees.until("forgotten", lambda: not versions(trees, "api"))
    after = generations(trees)
    write(trees, "fifth")
    watching(True)
    trees.until("turned on again", lambda: versions(trees, "api"))
    trees.settle()
    assert generations(trees) == after
    requests = asked(audit, begun)
    assert {(each.verb, each.uri.partition("?")[0]) for each in requests} <= {
        ("list", "/api/v1/secrets"),
        ("watch", "/api/v1/secrets"),
    }


def versions(trees: Trees, key: str) -> str:
    metadata = trees.must("Deployment", f"shop-orders-{key}")["metadata"]
    found: str = metadata["annotations"].get(naming.ANNOTATION_SECRET_VERSIONS, "")
    return found


def notices(trees: Trees) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (trees.status("shop-orders").get("translation") or {}).get("notices") or []
    return found


def changed(trees: Trees, before: dict[str, Any]) -> list[str]:
    return sorted(name for name, template in generations(trees).items() if template != before[name])


async def test_what_the_api_server_answers_has_no_values(
    control_plane: ControlPlane, audit: Audit, namespace: str, installed_operator: Operator
) -> None:
    grant(control_plane)
    trees = Trees(control_plane, audit, namespace)
    write(trees, "s3cret-9")
    try:
        async with await Connection.open(kubeconfig=str(installed_operator.kubeconfig)) as connection:
            source = ListWatch(connection, SECRET.path(namespace), metadata_only=True)
            pages = [page async for page in source.pages()]
            assert [page["kind"] for page in pages] == ["PartialObjectMetadataList"]
            assert [each["metadata"]["name"] for page in pages for each in page["items"]] == ["db"]
            write(trees, "s3cret-10")
            async with aclosing(source.changes()) as events:
                what, event = await anext(events)
            assert (what, event["kind"]) == ("MODIFIED", "PartialObjectMetadata")
            for answer in (*pages, event):
                assert not {"data", "stringData"} & {
                    *answer,
                    *(key for each in answer.get("items", ()) for key in each),
                }
    finally:
        control_plane.kubectl("delete", "-f", str(ROLES))


def grant(plane: ControlPlane) -> None:
    """The right of the overlay, in force."""

    def may_list() -> bool:
        try:
            return "yes" in plane.kubectl("auth", "can-i", "list", "secrets", "--all-namespaces", f"--as={OPERATOR}")
        except CommandError:
            return False

    plane.kubectl("apply", "-f", str(ROLES))
    eventually(may_list, what="the right to list Secrets")
