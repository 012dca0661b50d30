"""Namespaces of its own for one story, with the operators that look after them: several lanes share a control plane."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Self

from ailtire_operator.cluster.kinds import LEASE
from faults.journal import Entry, Journal
from faults.proxy import Rule
from faults.replica import Replica
from lab import ControlPlane, appended, manifests

LABELLED, UNLABELLED = "-labelled", "-unlabelled"
"""Namespaces with objects that are nobody's, under the names of the story: with its labels, and with none."""
LENGTH = len("learn-0000")


def lane_name(purpose: str, number: int) -> str:
    """A namespace for a lane. All names have one length: hosts bear them, and so a child's budget depends on it."""
    name = f"{purpose}-{number:04}"
    if len(name) != LENGTH:
        raise ValueError(f"the name of a lane has {LENGTH} characters: {name}")
    return name


class Lane:
    """One operator, or several of which one leads."""

    def __init__(
        self, plane: ControlPlane, name: str, *, replicas: int = 1, environment: Mapping[str, str] | None = None
    ) -> None:
        self.plane = plane
        self.namespace = name
        self.journal = Journal()
        settings = {
            "AILTIRE_OPERATOR_NAMESPACE": ",".join(self.namespaces),
            "AILTIRE_OPERATOR_LEASE_NAMESPACE": name,
            "AILTIRE_OPERATOR_LEADER_ELECTION": str(replicas > 1).lower(),
            **(environment or {}),
        }
        self.replicas = [Replica(plane, self.journal, name, number, settings) for number in range(replicas)]
        self.extra_revisions: dict[str, int] = {}
        """How many more roll-outs each Deployment has seen than in a run without a fault, by ``Kind/name``: as plans
        took it away or changed it."""
        self.stopped = threading.Event()

    def __enter__(self) -> Self:
        for replica in self.replicas:
            replica.proxy.__enter__()
        for namespace in self.namespaces:
            self.plane.api.create("/api/v1/namespaces", {"metadata": {"name": namespace}})
        if len(self.replicas) > 1:
            self._allow_leases()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        self.kill()
        for replica in self.replicas:
            replica.proxy.__exit__()
        for namespace in self.namespaces:
            self.plane.api.delete(f"/api/v1/namespaces/{namespace}")

    def _allow_leases(self) -> None:
        """In an installation the lease is in the operator's own namespace; here each lane has one."""
        path = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{self.namespace}"
        rule = {"apiGroups": [LEASE.group], "resources": [LEASE.plural], "verbs": ["get", "create", "update"]}
        self.plane.api.create(f"{path}/roles", {"metadata": {"name": "leases"}, "rules": [rule]})
        account = {"kind": "ServiceAccount", "name": manifests.SERVICE_ACCOUNT, "namespace": manifests.NAMESPACE}
        role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "leases"}
        binding = {"metadata": {"name": "leases"}, "roleRef": role, "subjects": [account]}
        self.plane.api.create(f"{path}/rolebindings", binding)

    @property
    def namespaces(self) -> tuple[str, str, str]:
        """The story's, and those of the objects that are nobody's."""
        return self.namespace, self.namespace + LABELLED, self.namespace + UNLABELLED

    @property
    def rules(self) -> list[Rule]:
        """The faults that requests meet, from whichever replica they come; a watch meets none of those before."""
        return self.replicas[0].proxy.rules

    @rules.setter
    def rules(self, rules: list[Rule]) -> None:
        for replica in self.replicas:
            replica.proxy.rules = rules
            replica.proxy.cut_changed()

    def route(self, chosen: Callable[[Entry], str] | None) -> None:
        """Send each request to the API server that is chosen for it, by its URL; to the first one for None."""
        for replica in self.replicas:
            replica.proxy.route = chosen

    @property
    def list_targets(self) -> set[str]:
        """What the replicas have listed, as path and query."""
        return set().union(*(replica.proxy.list_targets for replica in self.replicas))

    @property
    def memory(self) -> float:
        """MiB of the largest replica."""
        return max(replica.memory for replica in self.replicas)

    def start(self) -> None:
        """Start all that do not run. They are not waited for."""
        for replica in self.replicas:
            replica.start()

    def start_again(self) -> None:
        """Start those that were ended on purpose, as Kubernetes would."""
        for replica in self.replicas:
            if not replica.ended_by_itself:
                replica.start()

    @property
    def leader(self) -> Replica:
        """The replica that was last to write the lease."""
        return self.replicas[next((each.replica for each in reversed(self.journal.entries) if each.holds_lease), 0)]

    def kill(self, number: int | None = None) -> None:
        """End one replica at once, or all of them."""
        for replica in self.replicas if number is None else (self.replicas[number],):
            replica.kill()

    def cut_connections(self) -> None:
        """Break every connection that is in use now."""
        for replica in self.replicas:
            replica.proxy.cut_all()

    def ended_by_themselves(self) -> list[str]:
        """What is to be said of processes that nobody has ended."""
        codes = [(replica.number, replica.ended_by_itself) for replica in self.replicas]
        return [f"replica {number} ended by itself with code {code}" for number, code in codes if code]

    def until_quiet(self, seconds: float, limit: float) -> bool:
        """Wait until nothing was written for so long; whether that came about within the limit."""
        begun = time.monotonic()
        while time.monotonic() - max(self.journal.last_write(), begun) < seconds:
            if time.monotonic() > begun + limit:
                return False
            time.sleep(0.05)
        return True

    def log_sizes(self) -> list[int]:
        """How much each replica has logged; for ``logged_since``."""
        return [appended.end(replica.log) for replica in self.replicas]

    def logged_since(self, sizes: list[int]) -> list[str]:
        """The lines that the replicas have logged since then."""
        return [
            line.decode(errors="replace").strip()
            for replica, size in zip(self.replicas, sizes, strict=True)
            for line, _ in appended.lines(replica.log, size)
        ]
