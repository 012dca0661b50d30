"""The fields of a plain service about its container and pod, except image, ports and storage."""

from typing import Annotated, Final, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from ailtire_operator.model.base import OrEmpty, Strict
from ailtire_operator.model.dependencies import DependsOn
from ailtire_operator.model.devices import DeviceMapping, StorageOptions, Ulimit, UlimitName
from ailtire_operator.model.files import FileMounts
from ailtire_operator.model.keys import PLAIN, KeyRule, VariableName, VolumeKey
from ailtire_operator.model.security import Capabilities, GroupId, SecurityOptions, Sysctls
from ailtire_operator.model.values import (
    AbsolutePath,
    AccountName,
    Argument,
    EnvironmentValue,
    Name,
    ObjectName,
    PositiveQuantity,
)

Address = Annotated[str, StringConstraints(max_length=45, pattern=r"^[0-9a-fA-F.:]+$")]
_HOST = r"[A-Za-z0-9_]([-A-Za-z0-9_.]*[A-Za-z0-9_])?"
HostKey = Annotated[
    str, StringConstraints(min_length=1, max_length=253), KeyRule(_HOST, "is not a host's name: db.example")
]
_OptionName = Annotated[
    str, StringConstraints(min_length=1, max_length=63), KeyRule(r"[a-z0-9-]+", "is not a resolver option: ndots")
]
_PathKey = Annotated[
    str, StringConstraints(min_length=2, max_length=253), KeyRule(r"/[^:]*", "is not an absolute path: /run"), PLAIN
]
Platform = Annotated[str, StringConstraints(max_length=63, pattern=r"^[a-z]+(/[a-z0-9_]+(/v[0-9]+(\.[0-9]+)?)?)?$")]

_TOKEN_OF_NONE: Final = "automountServiceAccountToken needs serviceAccountName"
TOKEN_RULE: Final = (
    "!has(self.automountServiceAccountToken) || !self.automountServiceAccountToken || has(self.serviceAccountName)",
    _TOKEN_OF_NONE,
)


class Tmpfs(Strict):
    """A file system in memory."""

    size: PositiveQuantity | None = None
    """Its limit; it counts towards the service's memory limit."""
    mode: Annotated[int, Field(ge=0, le=0o7777)] | None = None
    """Permissions as a number. Kubernetes gives 0777."""


class Hook(Strict):
    """A command in the running container."""

    command: Annotated[list[Argument], Field(min_length=1, max_length=64)]
    """The program to run, and its arguments."""
    environment: Annotated[dict[VariableName, EnvironmentValue], Field(max_length=32)] = {}
    """Additional variables; they need the program env in the image."""
    working_dir: AbsolutePath | None = None
    """Where it runs; needs /bin/sh in the image."""


class Container(Strict):
    """The further keys."""

    depends_on: Annotated[DependsOn, Field(examples=[{"db": {"condition": "healthy"}, "orders/api": {}}])] = {}
    """What must be ready before this is created or changed, by the service's key; or by its path from the root of the
    tree: orders/api is the service api of the root's stack orders."""
    configs: Annotated[FileMounts, Field(examples=[{"settings": {"target": "/etc/web/settings.yaml"}}])] = {}
    """Files from spec.configs, by key."""
    secrets: Annotated[FileMounts, Field(examples=[{"password": {"target": "/run/secrets/password"}}])] = {}
    """Files from spec.secrets, by key."""
    hostname: Annotated[Name, StringConstraints(min_length=1, max_length=253)] | None = None
    """The container's host name: a DNS label, or a whole name of at most 64 characters (db.example.com), of which an
    API server before Kubernetes 1.35 keeps the first label. Swarm's placeholders are expanded; their result is a label.
    The replicas of a StatefulSet have their pods' names."""
    domainname: Annotated[str, StringConstraints(min_length=1, max_length=253, pattern=rf"^{_HOST}$")] | None = None
    """The domain of the container's fully qualified host name: one label, below the namespace's domain. For a domain of
    your own write the whole name as hostname."""
    extra_hosts: Annotated[
        dict[HostKey, Annotated[list[Address], Field(min_length=1, max_length=8)]],
        Field(max_length=64, examples=[{"db.example": ["10.0.0.5"]}]),
    ] = {}
    """Additional entries of /etc/hosts: addresses by name."""
    dns: Annotated[list[Address], Field(max_length=8)] = []
    """DNS servers, used if the cluster's own does not answer."""
    dns_search: Annotated[
        list[Annotated[str, StringConstraints(max_length=253, pattern=rf"^{_HOST}$")]], Field(max_length=16)
    ] = []
    """Search domains, after the stack's networks."""
    dns_options: Annotated[
        dict[_OptionName, Annotated[Name, StringConstraints(max_length=63)]],
        Field(max_length=16, examples=[{"timeout": "2"}]),
    ] = {}
    """Options of the resolver, such as timeout: "2"; an empty text for those without a value."""
    group_add: Annotated[list[GroupId], Field(max_length=32)] = []
    """Additional groups of the process."""
    cap_add: Annotated[Capabilities, Field(examples=[["NET_BIND_SERVICE"]])] = []
    """Capabilities added: what the security profile allows."""
    cap_drop: Capabilities = []
    """Capabilities dropped; ALL is all. securityProfile: restricted drops all of them."""
    privileged: bool = False
    """All privileges on the node. Needs securityProfile: privileged."""
    security_opt: SecurityOptions | None = None
    """Profiles of the kernel's security modules."""
    sysctls: Annotated[Sysctls, Field(examples=[{"net.core.somaxconn": 1024}])] = {}
    """Kernel parameters of the pod."""
    tty: bool = False
    """The process gets a terminal."""
    stdin_open: bool = False
    """The process's standard input stays open."""
    init: bool = False
    """Run an init process that reaps zombies."""
    tmpfs: Annotated[
        dict[_PathKey, Annotated[Tmpfs, OrEmpty]], Field(max_length=16, examples=[{"/tmp": {"size": "64Mi"}}])
    ] = {}
    """File systems in memory, by mount path."""
    shm_size: PositiveQuantity | None = None
    """The size of /dev/shm."""
    ulimits: Annotated[dict[UlimitName, Ulimit], Field(max_length=32, examples=[{"nofile": {"soft": 65536}}])] = {}
    """Kept for Swarm: Kubernetes has no limits of this kind."""
    storage_opt: StorageOptions | None = None
    """Limits of the container's own file system."""
    devices: Annotated[dict[VolumeKey, DeviceMapping], Field(max_length=16)] = {}
    """Devices of the node, by a name that you choose."""
    post_start: Annotated[list[Hook], Field(max_length=8)] = []
    """Commands run one after the other when the container has started."""
    pre_stop: Annotated[list[Hook], Field(max_length=8, examples=[[{"command": ["/bin/drain"]}]])] = []
    """Commands run one after the other before the container is stopped."""
    service_account_name: AccountName | None = None
    """The service account of the pods, such as one that a cloud provider trusts; default: the namespace's, without a
    token. The root and each template on the path must have it in spec.serviceAccounts."""
    automount_service_account_token: bool = False
    """True: the container has the account's token for the cluster's API in a file. Not needed for a cloud provider that
    adds a token of its own. Needs serviceAccountName."""
    pull_policy: Literal["Always", "IfNotPresent", "Never"] | None = None
    """When the image is pulled. Without it Kubernetes chooses when the workload is created, and keeps that when the tag
    changes: Always for the tag latest or none, else IfNotPresent."""
    platform: Platform | None = None
    """The nodes on which the image runs: linux/amd64, linux/arm64."""
    runtime: ObjectName | None = None
    """The RuntimeClass of the pods."""
    reload_on: Annotated[
        dict[VolumeKey, Annotated[Name, StringConstraints(max_length=253)]],
        Field(max_length=32, examples=[{"db-password": "7"}]),
    ] = {}
    """Versions of what the service reads at its start and the operator does not, such as Secrets: by a name that you
    choose, any text. Another text replaces the pods as an update does; a Job is run again."""
    reload_on_secrets: bool = False
    """True: a new version of a Secret that the service names for variables or files replaces its pods once, as an
    update does. Needs an operator that watches the metadata of Secrets. A Job is not run again."""

    @model_validator(mode="after")
    def _token_of_an_account(self) -> Self:
        if self.automount_service_account_token and self.service_account_name is None:
            raise ValueError(_TOKEN_OF_NONE)
        return self
