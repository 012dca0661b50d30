"""A pair of namespaces in which one sequence after another runs, beside others on the same control plane."""

import threading
import time
from collections.abc import Callable
from typing import Final, TypeVar

from ailtire_operator import naming
from ailtire_operator.cluster.kinds import POD, STACK, VOLUME_CLAIM
from lab import ControlPlane, Operator
from lab.api import Api, Refused
from lab.errors import LabError
from lab.processes import log_tail
from sequences import likeness
from sequences.activity import Activity
from sequences.schema import Json
from sequences.verdict import Verdict, verdict

Found = TypeVar("Found")

LIMIT_SECONDS: Final = 90.0
"""Until then a tree has come to its end, on a machine that has much else to do."""
QUIET_SECONDS: Final = 1.0
"""Nothing may be written for so long after the end."""
_PAUSE_SECONDS: Final = 0.2
_TICK_SECONDS: Final = 0.03
_STALE_SECONDS: Final = 2.0
_KILL_SECONDS: Final = 60.0


class Wrong(AssertionError):
    """Something did not hold."""


class Crashes:
    """Kills the operator of all lanes, not more often than it can come up again."""

    def __init__(self, operator: Operator) -> None:
        self._operator = operator
        self._lock = threading.Lock()
        self._last = 0.0
        self.count = 0
        self.ended: list[str] = []
        """The times when it ended by itself, right after its start."""

    def kill(self) -> None:
        """End it as a crash would and start it anew; nothing where that was done a moment ago."""
        with self._lock:
            if time.monotonic() - self._last < _KILL_SECONDS:
                return
            self._operator.kill()
            self._start()
            self._last = time.monotonic()
            self.count += 1

    def revive(self) -> str:
        """Start it where it does not run; what its log says then, if anything."""
        with self._lock:
            if self._operator.pid:
                return ""
            self.ended.append(f"the operator does not run: {log_tail(self._operator.log)}")
            self._operator.start()
            return self.ended[-1]

    def _start(self) -> None:
        """Start it, a second time where it ended at once: as the kubelet would."""
        try:
            self._operator.start()
        except LabError as error:
            self.ended.append(str(error))
            self._operator.start()


class Lane:
    """Writes definitions into a namespace and waits for what becomes of them."""

    def __init__(self, plane: ControlPlane, activity: Activity, namespace: str) -> None:
        self._plane = plane
        self._activity = activity
        self.namespace = namespace
        plane.api.create("/api/v1/namespaces", {"metadata": {"name": namespace}})

    @property
    def api(self) -> Api:
        """The administrator's way in."""
        return self._plane.api

    def write(self, name: str, spec: Json) -> bool:
        """Apply a stack; whether the API server let it in."""
        metadata = {"name": name, "namespace": self.namespace}
        manifest = {"apiVersion": naming.API_VERSION, "kind": naming.KIND, "metadata": metadata, "spec": spec}
        try:
            self.api.apply(STACK.path(self.namespace, name), manifest)
        except Refused as error:
            # What does not fit the schema at all is an error 500 of server-side apply.
            if error.code in (400, 422) or "failed to create typed patch object" in str(error):
                return False
            raise
        return True

    def read(self, name: str) -> Json | None:
        """A stack's resource."""
        found: Json | None = self.api.find(STACK.path(self.namespace, name))
        return found

    def settle(self, name: str) -> Verdict:
        """Wait until a stack is ready, or says for some time and without a write why it is not. Raises Wrong."""
        watch = _Watch(self, name)

        def over() -> bool:
            found = watch.verdict
            stays = min(watch.age, self._activity.silence(self.namespace)) > QUIET_SECONDS
            return found.over and (stays or (found.ready and not found.suspended))

        self.until("no end", over, lambda: str(watch.verdict), _TICK_SECONDS)
        return watch.verdict

    def ready(self, name: str) -> Verdict:
        """Wait until a stack is ready. Raises Wrong."""
        watch = _Watch(self, name)

        def over() -> bool:
            return watch.verdict.over and watch.verdict.ready and not watch.verdict.suspended

        self.until("not ready", over, lambda: str(watch.verdict), _TICK_SECONDS)
        return watch.verdict

    def invalid(self, name: str, otherwise: str) -> Verdict:
        """Wait until a stack says that its definition is wrong, or that it is suspended. Raises Wrong."""
        watch = _Watch(self, name)

        def over() -> bool:
            return watch.verdict.invalid or (watch.verdict.current and watch.verdict.suspended)

        self.until(otherwise, over, lambda: str(watch.verdict), _TICK_SECONDS)
        return watch.verdict

    def writes(self) -> int:
        """How often the operator has written here."""
        return self._activity.writes(self.namespace)

    def quiet(self) -> None:
        """Wait until the operator no longer writes here. Raises Wrong."""
        self.until("no end of writing", lambda: self._activity.silence(self.namespace) > QUIET_SECONDS)

    def tree(self, root: str) -> likeness.Objects:
        """What there is of a tree."""
        return likeness.tree(self.api, self.namespace, root)

    def delete(self, path: str) -> None:
        """Delete an object that may be gone already."""
        self.api.remove(path)

    def remove(self, root: str) -> None:
        """Delete a tree and wait until nothing of it is left but retained claims. Raises Wrong."""
        self.delete(STACK.path(self.namespace, root))
        self.until(f"{root} is deleted", lambda: not self._left(root), lambda: ", ".join(self._left(root)), 0.5)

    def forget(self, root: str) -> None:
        """Delete a tree and do not wait."""
        self.delete(STACK.path(self.namespace, root))

    def remove_claims(self) -> None:
        """Delete what deleted trees have retained."""
        self.delete(VOLUME_CLAIM.path(self.namespace))

    def until(
        self,
        what: str,
        look: Callable[[], Found],
        describe: Callable[[], str] = lambda: "",
        pause: float = _PAUSE_SECONDS,
    ) -> Found:
        """Wait until ``look`` finds something. Raises Wrong."""
        deadline = time.monotonic() + LIMIT_SECONDS
        while not (found := look()):
            if time.monotonic() > deadline:
                raise Wrong(f"{what}: not after {LIMIT_SECONDS:.0f} s: {describe()}")
            time.sleep(pause)
        return found

    def _left(self, root: str) -> list[str]:
        """What is still there: the rest is not asked for while the root or a pod is."""
        if self.read(root) is not None:
            return [f"{STACK.kind}/{root}"]
        path = f"{POD.path(self.namespace)}?labelSelector={naming.LABEL_ROOT}%3D{root}"
        pods = [f"Pod/{each['metadata']['name']}" for each in self.api.get(path)["items"]]
        return pods or list(self.tree(root))


class _Watch:
    """What a stack says, read again when the operator has written: most of the time there is nothing new."""

    def __init__(self, lane: Lane, name: str) -> None:
        self._lane, self._name = lane, name
        self._read_at = self._since = 0.0
        self._writes = -1
        self._found: Verdict | None = None

    @property
    def verdict(self) -> Verdict:
        """What the stack says. Raises Wrong where it is gone."""
        now, writes = time.monotonic(), self._lane.writes()
        since = now - self._read_at
        if self._found is None or (writes != self._writes and since > _PAUSE_SECONDS) or since > _STALE_SECONDS:
            stack = self._lane.read(self._name)
            if stack is None:
                raise Wrong(f"the stack {self._name} is gone")
            if (found := verdict(stack)) != self._found:
                self._found, self._since = found, now
            self._read_at, self._writes = now, writes
        return self._found

    @property
    def age(self) -> float:
        """Seconds since it said anything else."""
        return time.monotonic() - self._since
