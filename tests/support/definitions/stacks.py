"""Stacks for the tests: one that reaches every kind of object, and short cuts for small ones."""

from typing import Any

import yaml

from ailtire_operator.model.loading import parse_stack
from ailtire_operator.model.settings import Settings
from ailtire_operator.model.stack import Stack
from ailtire_operator.plan.build import plan
from ailtire_operator.plan.types import Manifest, Node, Observed, Plan

SETTINGS = Settings(nameservers=["10.0.0.10"])

FULL = """
appName: shop
environment: qa
imageRegistry: registry.example/shop
imagePullSecrets: [registry]
images: {shop_web: "shop_web:1.5"}
services:
  web:
    image: shop_web:1.4
    interface:
      /web: {path: /, port: 3000}
      /web/socket.io: {path: /socket.io, port: 3000}
    environment: {LOG_LEVEL: info, EMPTY: "", PRICE: "$(COST) $$ 5", COUNT: 3}
    environmentFrom: [{secret: web-env, optional: true}, {configMap: web-flags, prefix: FLAG_, optional: true}]
    environmentValuesFrom: {PASSWORD: {secret: web, key: password, optional: true}}
    healthcheck: {http: /health, port: 3000, interval: 10s, startPeriod: 30s}
    volumes:
      uploads: {source: uploads, target: /var/lib/uploads}
      cache: {target: /cache, medium: Memory, size: 1024Mi}
      socket: {source: /var/run/docker.sock, target: /var/run/docker.sock}
    deploy:
      resources: {limits: {cpu: "0.5", memory: 1024Mi}, reservations: {cpu: 100m}}
      updateConfig: {order: stopFirst, parallelism: 2, delay: 5s}
    policies:
      scaling: {min: 2, max: 10, cpu: 70, memory: 80}
      timeout: {requestTimeout: 30s}
      retry: {maxRetries: 2}
      accessControl: {rateLimit: 10, allow: [10.0.0.0/8], authentication: {secret: users}}
      logging: {level: warn}
      session: {cookie: replica}
    networks: {siblings: {aliases: [frontend]}, telemetry: {}}
    stopSignal: SIGINT
    stopGracePeriod: 1m
    user: "1000:1000"
    workingDir: /srv
    readOnly: true
    labels: {team: blue}
    annotations: {example.com/note: hello}
  worker:
    image: worker:2
    entrypoint: [/bin/worker]
    command: [--queue, "$(QUEUE)"]
    networks: {telemetry: {aliases: [collector]}}
    deploy: {replicas: 3}
    healthcheck: {test: [CMD-SHELL, "test -f /tmp/ready"]}
    user: "1000"
  store:
    image: store:1
    ports: {peer: {port: 7000}, gossip: {port: 7000, protocol: UDP}}
    volumes: {data: {source: records, target: /data}}
    healthcheck: {tcp: true}
    deploy: {endpointMode: dnsrr, replicas: 2, resources: {limits: {cpu: 1500m}}}
    user: "1000"
  broker:
    image: broker:1
    interface: {messages: {port: 6650, protocol: tcp}}
    user: "1000"
  orders:
    type: stack
    interface: {/orders: {path: /}}
    stack:
      services:
        api:
          image: "api:1"
          user: "1000"
          interface: {/: {port: 8080}}
          networks: {siblings: {}, parent: {aliases: [book]}}
        audit: {image: "audit:1", user: "1000", networks: {shared: {}}}
      networks: {shared: {name: telemetry-bus, external: true}}
networks:
  telemetry: {internal: true}
  bus: {name: telemetry-bus}
data:
  uploads: {size: 1024Mi, retain: true}
  records: {size: 1Gi, perReplica: true, retain: true}
gateway: {replicas: 2, resources: {limits: {memory: 64Mi}}}
interface: {ports: {"80": 3000, "443": 3000, "6650": 6650}}
edge: {className: example, hosts: [shop.example], tls: {secretName: shop-tls}, annotations: {example.com/edge: "yes"}}
"""


def full_spec() -> dict[str, Any]:
    """The spec of a stack that reaches every kind of object."""
    spec: dict[str, Any] = yaml.safe_load(FULL)
    spec["services"]["web"]["deploy"]["resources"]["limits"]["cpu"] = "0.5"
    return spec


def stack(spec: dict[str, Any] | str, name: str = "shop", namespace: str = "shop-test", uid: str = "uid-1") -> Stack:
    """A validated stack; the spec as a dict or as YAML."""
    data = yaml.safe_load(spec) if isinstance(spec, str) else spec
    return parse_stack({"metadata": {"name": name, "namespace": namespace, "uid": uid, "generation": 1}, "spec": data})


def plan_of(spec: dict[str, Any] | str, observed: Observed | None = None, settings: Settings = SETTINGS) -> Plan:
    """The plan of a stack called shop."""
    return plan(stack(spec), settings, observed or Observed())


def open_nodes(count: int) -> tuple[Node, ...]:
    """Nodes that take any pod."""
    return ({"labels": {}, "taints": []},) * count


def find(made: Plan, kind: str, name: str) -> Manifest:
    """The one object of this kind and name. Raises LookupError with what there is instead."""
    for manifest in made.objects:
        if manifest["kind"] == kind and manifest["metadata"]["name"] == name:
            return manifest
    there = sorted(f"{each['kind']}/{each['metadata']['name']}" for each in made.objects)
    raise LookupError(f"no {kind}/{name} among {', '.join(there)}")


def pod_spec(manifest: Manifest) -> dict[str, Any]:
    """The pod spec inside a workload."""
    spec: dict[str, Any] = manifest["spec"]["template"]["spec"]
    return spec


def variables(manifest: Manifest) -> dict[str, str]:
    """The literal variables of a workload's first container."""
    return {each["name"]: each.get("value", "") for each in pod_spec(manifest)["containers"][0]["env"]}
