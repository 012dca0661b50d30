"""A stack that uses every key beyond tests/stacks.FULL: what Compose and Swarm can say and Kubernetes can do."""

from ailtire_operator.model.settings import Settings
from ailtire_operator.model.stack import Stack
from ailtire_operator.plan.build import plan
from ailtire_operator.plan.types import Manifest, Observed, Plan
from support.definitions.stacks import open_nodes, stack

SETTINGS = Settings(
    nameservers=["10.0.0.10"],
    allow_host_paths=True,
    allow_privileged=True,
    device_resources={"/dev/kvm": "devices.kubevirt.io/kvm"},
)

WIDE = """
securityProfile: privileged
env: {REGION: eu-1, LEVEL: 3, NODE: "{{.Node.Hostname}}"}
exposure: {type: LoadBalancer, annotations: {example.com/pool: public}}
configs:
  settings: {content: "a: 1\\n", labels: {team: blue, note: "two words"}}
  logo: {binaryContent: iVBORw0KGgo=}
  shared: {configMap: shared-config, key: app.ini}
secrets:
  password: {secret: web-secret, key: password}
services:
  web:
    image: web:1
    dependsOn: {migrate: {condition: completed}, store: {condition: healthy, restart: true}, gone: {required: false}}
    configs:
      settings: {}
      picture: {source: logo, target: /srv/logo.png, mode: 0440, gid: 2000}
      shared: {target: /etc/app.ini}
    secrets: {password: {mode: 0400}}
    hostname: web-host
    domainname: shop
    extraHosts: {db.example: [10.0.0.5, "FD00::5"], cache: [10.0.0.5]}
    dns: [10.0.0.53]
    dnsSearch: [corp.example]
    dnsOptions: {timeout: "2", rotate: ""}
    groupAdd: [3000]
    capAdd: [CAP_NET_ADMIN, NET_BIND_SERVICE]
    capDrop: [ALL]
    securityOpt:
      noNewPrivileges: true
      seccomp: unconfined
      apparmor: unconfined
      label: {level: "s0:c123,c456"}
      systempaths: unconfined
    sysctls: {net.ipv4.ip_unprivileged_port_start: 0, net.core.somaxconn: 1024}
    tty: true
    stdinOpen: true
    init: true
    tmpfs: {/run: {size: 64Mi}, /tmp: {}}
    shmSize: 128Mi
    ulimits: {nofile: {soft: 1024}}
    storageOpt: {size: 2048Mi}
    devices: {kvm: {source: /dev/kvm}}
    postStart: [{command: [/bin/warm], environment: {LEVEL: 2}}]
    preStop: [{command: [/bin/leave, "now then"]}, {command: [sync], workingDir: /data}]
    pullPolicy: Always
    reloadOn: {db: "7", "a key": v1}
    reloadOnSecrets: true
    restartedAt: "2026-11-29T12:30:00.5+01:00"
    platform: linux/x86_64
    runtime: gvisor
    user: "1000"
    environment:
      NAME: "{{.Service.Name}}-{{.Node.Hostname}}$HOME"
      TIER: "{{.Service.Labels.tier}}"
      PLAIN: '{{"{{"}}x'
    ports:
      http: {port: 8080, published: 80, appProtocol: http}
      dns: {port: 53, protocol: UDP, published: 53}
      admin: {port: 9000, published: 9000, mode: host, hostIp: 127.0.0.1}
    volumes:
      assets: {image: "assets:3", target: /assets}
      part: {source: files, target: /part, subPath: a/b, readOnly: true, nocopy: true}
      theirs: {source: theirs, target: /theirs}
      nfs: {source: exported, target: /nfs}
      host: {source: /srv/host, target: /host, createHostPath: true, propagation: HostToContainer}
    deploy:
      replicas: 4
      labels: {tier: front, traefik.rule: "Host(`shop.example`)"}
      placement:
        constraints:
          - node.labels.disk == ssd
          - node.role!=worker
          - node.platform.arch == x86_64
          - node.hostname != old
        preferences: [{spread: node.labels.zone}, {spread: node.labels.rack}]
        maxReplicasPerNode: 2
      restartPolicy: {condition: any, delay: 5s, window: 1m}
      updateConfig: {order: stopFirst, failureAction: rollback, maxFailureRatio: 0.25, monitor: 10s}
      rollbackConfig: {order: stopFirst, parallelism: 2, failureAction: continue}
      resources:
        limits: {memory: 1Gi, pids: 100}
        reservations:
          devices: {gpu: {driver: nvidia, count: 2, capabilities: [gpu]}}
          genericResources: {example.com/fpga: 1, AMD-GPU: 1}
  agent:
    image: agent:1
    deploy: {mode: global, updateConfig: {parallelism: 0}, placement: {constraints: ["node.role == manager"]}}
    user: "1000"
  migrate:
    image: migrate:1
    deploy: {mode: replicatedJob, replicas: 2, restartPolicy: {maxAttempts: 3}}
    dependsOn: {store: {}}
    user: "1000"
  once:
    image: once:1
    deploy: {restartPolicy: {condition: none}}
    user: "1000"
  everywhere:
    image: everywhere:1
    deploy: {mode: globalJob}
    user: "1000"
  store:
    image: store:1
    environment: {SLOT: "{{.Task.Slot}}", ID: "{{.Task.Name}}/{{.Task.ID}}"}
    deploy: {replicas: 2, placement: {maxReplicasPerNode: 1}}
    user: "1000:1001"
  root:
    image: root:1
    privileged: true
    deploy: {updateConfig: {order: stopFirst}}
networks: {back: {labels: {team: blue}}}
data:
  files: {size: 1Gi, sizeLimit: 2048Mi, labels: {team: blue}}
  theirs: {claim: their-claim}
  exported: {nfs: {server: nfs.example, path: /export, readOnly: true}}
"""


def wide(uid: str = "uid-1", namespace: str = "shop-test") -> Stack:
    """The stack as it is validated."""
    return stack(WIDE, uid=uid, namespace=namespace)


def wide_plan(observed: Observed | None = None) -> Plan:
    """Its plan."""
    return plan(wide(), SETTINGS, observed or Observed(nodes=open_nodes(3)))


def by_ref(made: Plan) -> dict[str, Manifest]:
    """The plan's objects, each by ``Kind/name``."""
    return {f"{each['kind']}/{each['metadata']['name']}": each for each in made.objects}
