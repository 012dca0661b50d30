"""A stack whose containers write logs, and how a test has one of them write something, or end."""

import base64
from dataclasses import dataclass
from typing import Any, Final

from ailtire_operator import naming
from e2e import tree
from e2e.applying import Manifest
from e2e.asking import Pod
from lab.waiting import eventually

NAME: Final = "shop"
BROKEN: Final = 'level=error msg="cannot start" reason="DATABASE_URL is not set"'
"""What the service that cannot start writes each time."""
LAST_WORDS: Final = 'level=error msg="the queue has gone: ending"'
"""What a container of the service `jobs` writes when it is told to end."""
_JOBS: Final = f"""
run=$(tr -d - < /proc/sys/kernel/random/uuid | cut -c 1-8) job=0
trap 'echo '\\''{LAST_WORDS}'\\'' run=$run; exit 3' TERM
echo "level=info msg=\\"waiting for jobs\\" run=$run"
while :; do
  job=$((job + 1))
  echo "level=info msg=\\"job done\\" run=$run job=$job took=$((job * 37 % 90 + 8))ms"
  sleep 0.4
done
"""
"""Each line has what no other run has, and the numbers have no gap: what is lost or doubled on its way shows."""
_QUIET: Final = "trap 'exit 0' TERM; while :; do sleep 0.5; done"
_BROKEN: Final = f"echo '{BROKEN}'; exit 1"
DEPLOYMENTS: Final = (f"deployment/{NAME}-jobs", f"deployment/{NAME}-quiet")
"""What becomes ready of it."""


def _service(image: str, script: str, **more: Any) -> dict[str, Any]:
    return {"image": image, "user": "1000", "entrypoint": ["sh", "-c", script], **more}


def stack(image: str) -> Manifest:
    """`jobs` has two replicas that write all the time, `quiet` writes what a test says, `broken` ends at once."""
    services = {
        "jobs": _service(image, _JOBS, deploy={"replicas": 2}),
        "quiet": _service(image, _QUIET),
        "broken": _service(image, _BROKEN),
    }
    spec = {"securityProfile": "restricted", "services": services}
    return {"apiVersion": naming.API_VERSION, "kind": naming.KIND, "metadata": {"name": NAME}, "spec": spec}


@dataclass(frozen=True)
class Writers:
    """That stack in a namespace."""

    namespace: str

    def address(self, service: str) -> str:
        """Where the page shows the log of a service, beside the tree."""
        here = f"{self.namespace}/{NAME}"
        return f"/stack/{here}/{service}?tab=logs&of={here}"

    def until_applied(self) -> None:
        """Wait until the operator has written what the definition asks for."""
        tree.await_observed(self.namespace, NAME)

    def pods(self, service: str) -> dict[str, Manifest]:
        """The pods of a service that live, by name."""
        labels = (f"{naming.LABEL_STACK}={NAME}", f"{naming.LABEL_SERVICE}={service}")
        return tree.pods(self.namespace, *labels)

    def write(self, service: str, text: bytes) -> None:
        """Have a container of a service write these bytes: into what its first process has as its standard output."""
        encoded = base64.b64encode(text).decode()
        self._run(service, f"echo {encoded} | base64 -d > /proc/1/fd/1")

    def write_long(self, service: str, size: int) -> None:
        """The same with a line of so many bytes."""
        self._run(service, f"(head -c {size} /dev/zero | tr '\\0' x; echo) > /proc/1/fd/1")

    def flood(self, service: str, count: int) -> None:
        """The same with so many lines at once, `flood 1.` to `flood COUNT.`."""
        self._run(service, f"seq -f 'flood %.0f.' {count} > /proc/1/fd/1")

    def _run(self, service: str, script: str) -> None:
        Pod(self.namespace, f"deploy/{NAME}-{service}").run("sh", "-c", script)

    def end(self, pod: str) -> None:
        """Have the container of a pod end with an error; the kubelet starts it again."""
        before = self.restarts(pod)
        Pod(self.namespace, pod).run("sh", "-c", "kill -TERM 1")
        eventually(lambda: self.restarts(pod) > before, 60, "another start")

    def restarts(self, pod: str) -> int:
        """How often the container of a pod of the service `jobs` has started again."""
        statuses = self.pods("jobs")[pod]["status"]["containerStatuses"]
        return int(statuses[0]["restartCount"])
