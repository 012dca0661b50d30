"""What pods use, asked for now and then where the cluster measures it."""

import asyncio
from collections.abc import Callable
from typing import Final

from ailtire_operator import naming
from ailtire_operator.cli.ui.pod_index import PodIndex
from ailtire_operator.cluster.connection import Connection
from ailtire_operator.cluster.errors import ClusterError, Denied, NotFound

_PAUSE: Final = 15.0
"""Seconds: the kubelets are asked no more often either."""
_LONG_PAUSE: Final = 120.0
"""Seconds before it is asked again for what is not there or not allowed."""


class UsagePoll:
    """Fills the index of pods with what they use."""

    def __init__(
        self, connection: Connection, namespace: str | None, pods: PodIndex, changed: Callable[[], None]
    ) -> None:
        self.available = False
        """Whether the cluster has said what pods use."""
        self.note = ""
        """Why it is not shown."""
        where = f"namespaces/{namespace}/" if namespace else ""
        self._path = f"/apis/metrics.k8s.io/v1beta1/{where}pods"
        self._connection = connection
        self._pods = pods
        self._changed = changed

    async def run(self) -> None:
        """Ask until cancelled."""
        while True:
            note, pause = await self._ask()
            self.note, self.available = note, not note
            self._changed()
            await asyncio.sleep(pause)

    async def _ask(self) -> tuple[str, float]:
        """Take in the answer: why there is none, and seconds until the next."""
        try:
            answer = await self._connection.request(
                "GET", self._path, params={"labelSelector": naming.MANAGED_SELECTOR}
            )
        except NotFound:
            return "use is not shown: the cluster has no metrics-server (it serves no metrics.k8s.io)", _LONG_PAUSE
        except Denied as error:
            return f"use is not shown: {error}", _LONG_PAUSE
        except ClusterError as error:  # a metrics-server that has just been started needs a minute
            return f"use is not shown: the metrics-server does not answer ({error})", _PAUSE
        self._pods.measure(answer.get("items") or ())
        return "", _PAUSE
