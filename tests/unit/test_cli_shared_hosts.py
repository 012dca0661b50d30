"""What ``diff`` notes of hosts that others have: as far as whoever asks may see."""

from typing import Any, cast

import pytest

from ailtire_operator.cli import shared_hosts
from ailtire_operator.cli.live import Live
from ailtire_operator.cluster.errors import Denied, NotFound

Json = dict[str, Any]


def ingress(name: str, host: str, namespace: str = "shop", created: str = "2026-01-01T00:00:00Z") -> Json:
    metadata = {"name": name, "namespace": namespace, "creationTimestamp": created}
    spec = {"ingressClassName": "nginx", "rules": [{"host": host}]}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata, "spec": spec}


class Cluster:
    """Answers lists of what there is: of all namespaces only to whom that is allowed."""

    def __init__(self, *found: Json, everywhere: bool = True, served: bool = True) -> None:
        self.found, self.everywhere, self.served = found, everywhere, served
        self.asked: list[str] = []

    async def request(self, method: str, path: str, **options: Any) -> Json:
        self.asked.append(path)
        if not self.served:
            raise NotFound("no such kind", status=404)
        if "/namespaces/" not in path and not self.everywhere:
            raise Denied("no", status=403)
        return {
            "items": [
                each for each in self.found if "/namespaces/" not in path or each["metadata"]["namespace"] == "shop"
            ]
        }

    def live(self) -> Live:
        return Live(cast(Any, self), "shop")


NEW = ingress("new", "a.io", created="2026-01-02T00:00:00Z")
OLD, HIDDEN = ingress("old", "a.io"), ingress("hidden", "a.io", "theirs")


SHOWN = "Ingress new: the host a.io was published by stack old before"
ELSEWHERE = "Ingress new: the host a.io was published by stack hidden of the namespace theirs before"


@pytest.mark.parametrize(("everywhere", "expected"), [(True, [ELSEWHERE, SHOWN]), (False, [SHOWN])])
async def test_others_are_named_to_whom_they_are_shown(everywhere: bool, expected: list[str]) -> None:
    cluster = Cluster(OLD, HIDDEN, NEW, ingress("other", "b.io"), everywhere=everywhere)
    assert sorted(await shared_hosts.notes(cluster.live(), [NEW])) == expected


async def test_who_was_first_is_told_of_nobody_and_without_an_edge_nothing_is_read() -> None:
    cluster = Cluster(OLD, NEW)
    assert await shared_hosts.notes(cluster.live(), [OLD]) == []
    cluster.asked.clear()
    assert await shared_hosts.notes(cluster.live(), []) == []
    assert not cluster.asked
    assert await shared_hosts.notes(Cluster(served=False).live(), [NEW]) == []
