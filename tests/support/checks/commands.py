"""The commands as a user types them, without a cluster, and the files that they are given."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import yaml

SHOP = """
apiVersion: ailtire.io/v1alpha1
kind: AiltireStack
metadata: {name: shop, namespace: elsewhere}
spec:
  services:
    web: {image: "web:1", interface: {/web: {path: /}}, stopSignal: SIGINT}
    orders:
      type: stack
      interface: {/orders: {path: /}}
      stack: {services: {api: {image: "api:1", interface: {/v1: {path: /}}}, db: {image: "db:1"}}}
    pay: {type: stack, stackRef: {name: payment}}
"""
PAYMENT = """
apiVersion: ailtire.io/v1alpha1
kind: AiltireStack
metadata: {name: payment, namespace: elsewhere}
spec: {templateOnly: true, services: {api: {image: "pay:1"}}}
"""
SERVICES = """
module.exports = {
  services: {
    web: {
      image: "web",
      interface: { "/web": { path: "/", port: 3000 } },
      volumes: ["/var/run/docker.sock:/var/run/docker.sock"],
    },
    lost: { type: "stack", image: "nobody" },
  },
};
"""

INTERRUPTIBLE = ("env", "--default-signal=INT")
"""Before a program that a test ends as Ctrl-C does: all below a shell's background job ignore that signal."""


@dataclass(frozen=True)
class Result:
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def documents(self) -> list[dict[str, Any]]:
        """What stands on standard output, as YAML."""
        return [each for each in yaml.safe_load_all(self.out) if each]


Run = Callable[..., Result]
