"""All names of this project: API group, labels, annotations, object names, environment variables.

No other module spells one. Names must not change between releases: another label or field manager would orphan the
objects of the release before, another object name would restart every pod.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final

GROUP: Final = "ailtire.io"
VERSION: Final = "v1alpha1"
API_VERSION: Final = f"{GROUP}/{VERSION}"
KIND: Final = "AiltireStack"
PLURAL: Final = "ailtirestacks"
SINGULAR: Final = "ailtirestack"
SHORT_NAME: Final = "ats"
CATEGORY: Final = "ailtire"

FIELD_MANAGER: Final = "ailtire-operator"
"""The field manager of the operator; drift is detected by it, so it never changes."""
HANDOVER_MANAGER: Final = "ailtire-operator-handover"
"""The field manager of ``spec.replicas`` while it is handed over to an autoscaler."""
CLI_MANAGER: Final = "kubectl-ailtire"
"""The field manager of changes by ``kubectl ailtire``."""
OPERATOR_NAME: Final = "ailtire-operator"
OPERATOR_NAMESPACE: Final = "ailtire-system"
LEASE_NAME: Final = "ailtire-operator"

LABEL_MANAGED_BY: Final = "app.kubernetes.io/managed-by"
LABEL_NAME: Final = "app.kubernetes.io/name"
LABEL_PART_OF: Final = "app.kubernetes.io/part-of"
LABEL_COMPONENT: Final = "app.kubernetes.io/component"
LABEL_STACK: Final = f"{GROUP}/stack"
LABEL_ROOT: Final = f"{GROUP}/root"
LABEL_SERVICE: Final = f"{GROUP}/service"
LABEL_VOLUME: Final = f"{GROUP}/volume"
LABEL_NETWORK: Final = f"{GROUP}/network"
LABEL_ENVIRONMENT: Final = f"{GROUP}/environment"
LABEL_RETAIN: Final = f"{GROUP}/retain"
LABEL_CONFIG: Final = f"{GROUP}/config"
LABEL_EGRESS: Final = f"{GROUP}/egress"
LABEL_STOPPED: Final = f"{GROUP}/stopped"
"""In the node selector of a DaemonSet that is stopped; no node has it."""
LABEL_LAST_GOOD: Final = f"{GROUP}/last-good"
"""On ControllerRevisions of the operator's: a service's last good definition, to which a failed update is rolled back,
and the revisions of a whole tree."""
LABEL_REVISION: Final = f"{GROUP}/revision"
"""The number of a revision of a whole tree; on no last good definition of a service."""
MARK_INTERFACE: Final = f"{GROUP}/interface"
"""On a service in Swarm: its routes as JSON, for a later import."""
MARK_POLICIES: Final = f"{GROUP}/policies"
NETWORK_LABEL_PREFIX: Final = f"network.{GROUP}/"
MANAGED_SELECTOR: Final = f"{LABEL_MANAGED_BY}={OPERATOR_NAME}"

ANNOTATION_KEY: Final = f"{GROUP}/key"
"""The original key, if the object's name was sanitized."""
ANNOTATION_RESTARTED_WITH: Final = f"{GROUP}/restarted-with"
"""On a pod template: a hash of the dependencies with ``restart``, whose changes restart it too."""
ANNOTATION_RESTARTED_AT: Final = f"{GROUP}/restarted-at"
"""On a pod template: when it was last asked to restart."""
ANNOTATION_RELOADED_ON: Final = f"{GROUP}/reloaded-on"
"""On a pod template: a hash of ``reloadOn``."""
ANNOTATION_SECRET_VERSIONS: Final = f"{GROUP}/secret-versions"
"""On a workload with ``reloadOnSecrets``: the versions of its Secrets that its pods are known to run with, as JSON."""
ANNOTATION_RELOADED_FOR: Final = f"{GROUP}/reloaded-for"
"""On such a workload and its pod template: the Secrets for whose new versions its pods were last replaced."""

ANNOTATION_TABLES: Final = f"{GROUP}/gateway-tables"
"""On the pods of a tree's gateway: what its routes were last. A change of it has a kubelet read them at once."""

ANNOTATION_ADOPT: Final = f"{GROUP}/adopt"
"""On the root of a tree, with the value "true": its stacks adopt their objects that have lost their owner."""
ANNOTATION_TEMPLATE: Final = f"{GROUP}/template"
"""On a last good definition: the hash of its pod template."""
ANNOTATION_FAILED_UPDATE: Final = f"{GROUP}/failed-update"
"""On a last good definition: the update after it that failed, as JSON; without it the update is retried."""

ANNOTATION_DEFINITION: Final = f"{GROUP}/definition"
"""On a revision of a whole tree: the digest of its definition, templates included."""
ANNOTATION_TREE_UPDATE: Final = f"{GROUP}/tree-update"
"""On the newest revision of a tree whose root has an updatePolicy: the update after it, as JSON."""
ANNOTATION_GENERATION: Final = f"{GROUP}/generation"
"""On a revision: the generation of the root."""
ANNOTATION_MANAGER: Final = f"{GROUP}/field-manager"
"""On a revision: who wrote the definition."""
CHANGE_CAUSE: Final = "kubernetes.io/change-cause"
"""On the root, as for Deployments: why its definition was changed. Its revision has it too."""

RESERVED_PREFIXES: Final = (f"{GROUP}/", f".{GROUP}/", "kubernetes.io/", ".kubernetes.io/", "k8s.io/", ".k8s.io/")
RESERVED_VARIABLE_PREFIX: Final = "AILTIRE_"

VARIABLE_STACKNAME: Final = "AILTIRE_STACKNAME"
VARIABLE_PARENT: Final = "AILTIRE_PARENT"
VARIABLE_PARENTHOST: Final = "AILTIRE_PARENTHOST"
VARIABLE_APPNAME: Final = "AILTIRE_APPNAME"
VARIABLE_SERVICENAME: Final = "AILTIRE_SERVICENAME"
VARIABLE_PARENT_NETWORK: Final = "AILTIRE_PARENT_NETWORK"
PLATFORM_VARIABLES: Final = (
    VARIABLE_STACKNAME,
    VARIABLE_PARENT,
    VARIABLE_PARENTHOST,
    VARIABLE_APPNAME,
    VARIABLE_SERVICENAME,
    VARIABLE_PARENT_NETWORK,
)

VARIABLE_TASK_SLOT: Final = "AILTIRE_TASK_SLOT"
VARIABLE_TASK_ID: Final = "AILTIRE_TASK_ID"
VARIABLE_NODE_HOSTNAME: Final = "AILTIRE_NODE_HOSTNAME"
"""Set only if a Swarm placeholder needs them."""

GATEWAY_PORT: Final = 3000
"""The port of upstream's stack container, and of our gateways."""
GATEWAY_HEALTH_PORT: Final = 3090
TREE_GATEWAY_PORTS: Final = range(10_000, 15_000)
"""Of the stacks below a root whose gateway serves the whole tree: as many as a tree can have, below the ports that
kernels give to connections."""
GATEWAY_TABLES: Final = 8
"""ConfigMaps over which the routes of the stacks of a tree are spread by these ports."""
TREE_GATEWAY_PORTS_STEP: Final = 128
"""The gateway listens on so many more at a time: each change of it reloads nginx."""
GATEWAY_ALIAS: Final = "admin"
"""The host name of the stack container for its members, as in upstream."""
OWN_NETWORKS: Final = frozenset({"siblings", "sibling", "children", "default"})
"""The names of services.js (and of Compose) for the stack's own network."""
PARENT_NETWORK: Final = "parent"

HOST_NAME_LIMIT: Final = 64
"""Bytes of a container's host name that Linux keeps."""
OBJECT_NAME_LIMIT: Final = 63
"""Characters: a Service's name is a DNS label."""
WORKLOAD_NAME_LIMIT: Final = 52
"""Characters: StatefulSets and Jobs append a revision or index to make a label value of at most 63."""
_HASH_LENGTH: Final = 8
COMPONENT_SERVICE: Final = "service"
COMPONENT_GATEWAY: Final = "gateway"
COMPONENT_TREE_GATEWAY: Final = "tree-gateway"
"""The gateway of a root that serves its whole tree, and what lets it in and leads to it."""
COMPONENT_VERIFICATION: Final = "verify"
VERIFICATION_LABEL: Final = "verify--job"
"""The service label of a check's pods: no key of a service becomes it."""
_NOT_DNS = re.compile(r"[^a-z0-9]+")
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_NOT_LABEL_VALUE = re.compile(r"[^A-Za-z0-9_.-]")


def digest(text: str, length: int = _HASH_LENGTH) -> str:
    """The first ``length`` hexadecimal digits of the text's SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def sanitize(key: str) -> str:
    """A service key as part of a DNS label: ``policy_engine`` becomes ``policy-engine``, ``childStack`` ``childstack``.

    The result matches ``[a-z0-9]+(-[a-z0-9]+)*``; a key without a single usable character becomes its hash.
    """
    return _NOT_DNS.sub("-", key.lower()).strip("-") or f"x{digest(key)}"


def is_dns_label(text: str) -> bool:
    """Whether the text is a DNS label (RFC 1123: 63 characters, lower case)."""
    return len(text) <= OBJECT_NAME_LIMIT and _LABEL.fullmatch(text) is not None


def root_of(name: str, place: Mapping[str, Any]) -> str:
    """The name of the root of the tree in which the stack of this name has this place.

    Its own, if it has none, and also where what stands there can be no stack's name: it would be another address or
    another selector.
    """
    root = place.get("root")
    return root if isinstance(root, str) and is_dns_label(root) else name


def is_whole_host_name(text: str) -> bool:
    """Whether the text is a host name with a domain, db.example.com, that a container can have."""
    labels = text.split(".")
    return len(labels) > 1 and len(text) <= HOST_NAME_LIMIT and all(is_dns_label(label) for label in labels)


def shorten(name: str, limit: int = OBJECT_NAME_LIMIT) -> str:
    """The name itself, or its start and a hash of the whole if it exceeds ``limit`` characters."""
    if len(name) <= limit:
        return name
    return f"{name[: limit - _HASH_LENGTH - 1].rstrip('-')}-{digest(name)}"


def stack_name(written: str) -> str:
    """The name of a stack for any text: what is usable of it, behind a letter, as Kubernetes wants of a stack."""
    name = sanitize(written)
    return shorten(name if name[0].isalpha() else f"stack-{name}")


def member(stack: str, key: str) -> str:
    """The object name of a stack's member: its Service, its workload, its child stack."""
    return shorten(f"{stack}-{sanitize(key)}")


def workload(stack: str, key: str) -> str:
    """The name of a StatefulSet or Job of a member, short enough for the names Kubernetes derives from it."""
    return shorten(f"{stack}-{sanitize(key)}", WORKLOAD_NAME_LIMIT)


def job(stack: str, key: str, content: str) -> str:
    """The name of a member's Job: a new definition is a new Job, and one that has ended is not run again."""
    return shorten(f"{stack}-{sanitize(key)}", WORKLOAD_NAME_LIMIT - _HASH_LENGTH - 1) + f"-{digest(content)}"


def last_good(stack: str, key: str, template: str) -> str:
    """The name of a member's last good definition, with the hash of its pod template: its content cannot change."""
    return f"{shorten(f'{stack}-{sanitize(key)}', OBJECT_NAME_LIMIT - len(template) - 2)}--{template}"


REVISION_INFIX: Final = "--revision-"


def revision(root: str, number: int) -> str:
    """The name of a revision of a whole tree."""
    end = f"{REVISION_INFIX}{number}"
    return shorten(root, OBJECT_NAME_LIMIT - len(end)) + end


def config(stack: str, key: str, content: str) -> str:
    """The name of a config's ConfigMap: a new content is a new object, so that old pods keep theirs."""
    start = shorten(f"{stack}--{sanitize(key)}", OBJECT_NAME_LIMIT - _HASH_LENGTH - 1)
    return f"{start}-{digest(f'{key}/{content}')}"


def published(stack: str, key: str, kind: str = "") -> str:
    """The name of the Service with a member's published ports, and of the NetworkPolicy that lets callers in; with a
    ``kind`` that of the Service with the ports whose exposure is their own."""
    end = f"--published-{kind.lower()}" if kind else "--published"
    return shorten(f"{stack}-{sanitize(key)}", OBJECT_NAME_LIMIT - len(end)) + end


def pods(stack: str, key: str) -> str:
    """The name of the headless Service by which the gateway finds each pod of a member with sessions."""
    end = "--pods"
    return shorten(f"{stack}-{sanitize(key)}", OBJECT_NAME_LIMIT - len(end)) + end


def derived(prefix: str, key: str, taken: frozenset[str] = frozenset()) -> str:
    """A name inside a pod for ``key``. The double hyphen cannot collide with names that an author chose."""
    name = shorten(f"{prefix}--{sanitize(key)}")
    return name if name not in taken else shorten(f"{name}-{digest(key)}")


def volume(stack: str, key: str) -> str:
    """The name of a PersistentVolumeClaim of the stack. The double hyphen cannot collide with a member's."""
    return shorten(f"{stack}--{sanitize(key)}--data")


def verification(stack: str, content: str) -> str:
    """The name of the Job that checks a stack: another definition is another Job."""
    return shorten(f"{stack}--verify", WORKLOAD_NAME_LIMIT - _HASH_LENGTH - 1) + f"-{digest(content)}"


def gateway(stack: str) -> str:
    """The name of the gateway's Deployment and PodDisruptionBudget; its Service has the stack's own name."""
    return shorten(f"{stack}--gateway")


def gateway_config(stack: str, content: str) -> str:
    """The name of a gateway's ConfigMap: a new content is a new object, so that old pods keep theirs."""
    return shorten(f"{stack}--gateway", OBJECT_NAME_LIMIT - _HASH_LENGTH - 1) + f"-{digest(content)}"


def tree_gateway(root: str) -> str:
    """The name of the Deployment, the PodDisruptionBudget and the configuration of a gateway for a whole tree."""
    end = "--tree-gateway"
    return shorten(root, OBJECT_NAME_LIMIT - len(end)) + end


def gateway_tables(root: str, number: int) -> str:
    """The name of one of the ConfigMaps with the routes that the gateway of a whole tree serves."""
    end = f"--gateway-tables-{number}"
    return shorten(root, OBJECT_NAME_LIMIT - len(end)) + end


def table_manager(port: int) -> str:
    """The field manager of the key of one stack in such a ConfigMap."""
    return f"{FIELD_MANAGER}-table-{port}"


def network_id(owner: str, network: str) -> str:
    """A unique id of a network of a stack in its namespace: ten hexadecimal digits."""
    return digest(f"{owner}/{network}", 10)


def zone(owner: str, network: str) -> str:
    """The name of the headless Service that is the network's DNS zone; short, as it is in every search list."""
    return f"z-{network_id(owner, network)}"


def zone_slice(owner: str, network: str, family: str, index: int) -> str:
    """The name of one EndpointSlice of a zone (``family``: IPv4 or IPv6)."""
    return f"{zone(owner, network)}-{family.lower()}-{index}"


def label_of_zone(name: str) -> str:
    """The label of the pods that belong to the network with this zone."""
    return f"{NETWORK_LABEL_PREFIX}{name.removeprefix('z-')}"


def network_label(owner: str, network: str) -> str:
    """The label of the pods that belong to the network."""
    return f"{NETWORK_LABEL_PREFIX}{network_id(owner, network)}"


def network_policy(owner: str, network: str, purpose: str = "members") -> str:
    """The name of a network's NetworkPolicy; ``purpose`` is members, egress or edge."""
    return shorten(f"{owner}--{sanitize(network)}", OBJECT_NAME_LIMIT - len(purpose) - 2) + f"--{purpose}"


def adoption_command(root: str) -> str:
    """The command by which the tree of a root adopts objects that have lost their owner."""
    return f"kubectl annotate {SINGULAR} {root} {ANNOTATION_ADOPT}=true"


def label_value(text: str) -> str:
    """The text as a label value: cut and hashed above 63 characters, invalid characters replaced."""
    clean = _NOT_LABEL_VALUE.sub("-", text)
    return shorten(clean).strip("-_.")
