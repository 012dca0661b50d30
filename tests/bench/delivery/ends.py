"""What is served after a restart, where nobody announces a change, and what Envoy watches meanwhile."""

import asyncio
import time
from dataclasses import dataclass

from bench.delivery.objects import NAMESPACE
from bench.delivery.series import LIMIT, Changes
from bench.delivery.site import GATEWAYS, Site
from kindlab import kube

_RESTARTED = 0
_RESTART_SECONDS = 60.0


@dataclass(frozen=True)
class Ends:
    """After a change that no annotation announced, and with nobody there who could."""

    restarted_container_answers: int
    """The first status for the new route once the container had been restarted: 200 where it has the newest."""
    restarted_container_seconds: float
    """From the end of the old process until the new route was answered."""
    new_pod_answers: int
    new_pod_seconds: float


async def ends(site: Site, changes: Changes) -> Ends:
    """End Envoy's process in one gateway, then delete the pod, after a write each time."""
    entry, prefix, _ = await changes.write()
    restarts = _restarts()
    begun = time.monotonic()
    await asyncio.to_thread(kube.kubectl, "exec", "-n", NAMESPACE, GATEWAYS[_RESTARTED], "-c", "envoy", "--", "sh",
                            "-c", "kill 1")  # fmt: skip
    until = begun + _RESTART_SECONDS
    while _restarts() == restarts and time.monotonic() < until:
        await asyncio.sleep(0.05)
    restarted = await site.first_answer(_RESTARTED, entry, prefix, LIMIT)
    restarted_seconds = time.monotonic() - begun
    entry, prefix, _ = await changes.write()
    begun = time.monotonic()
    await site.replace(_RESTARTED)
    answered = await site.first_answer(_RESTARTED, entry, prefix, LIMIT)
    return Ends(restarted, restarted_seconds, answered, time.monotonic() - begun)


async def until_others_have(site: Site, version: str) -> list[float]:
    """Seconds until each of the other pods has a change that nobody announced."""
    begun = time.monotonic()
    await site.write_for_others(version)
    return await site.until_others(version, begun, LIMIT)


def watches() -> int:
    """The inotify instances of one gateway's Envoy."""
    count = "ls -l /proc/1/fd | grep -c inotify"
    return int(kube.kubectl("exec", "-n", NAMESPACE, GATEWAYS[0], "-c", "envoy", "--", "sh", "-c", count))


def _restarts() -> int:
    query = "jsonpath={.status.containerStatuses[?(@.name=='envoy')].restartCount}"
    return int(kube.kubectl("get", "pod", GATEWAYS[_RESTARTED], "-n", NAMESPACE, "-o", query) or 0)
