"""The operator's settings, from AILTIRE_OPERATOR_* environment variables."""

from ipaddress import ip_address, ip_network
from typing import Annotated, Any, Final

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from ailtire_operator.model.values import AccountName, ImageReference

Namespace = Annotated[str, Field(max_length=63, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]

DEFAULT_NAMESERVER = "10.96.0.10"
GATEWAY_IMAGE = "docker.io/nginxinc/nginx-unprivileged:1.29-alpine"

_RENAMED: Final = {"looks": "max_concurrent_reconciles", "workers": "max_inflight_requests"}


class Settings(BaseSettings):
    """The administrator's settings for all stacks. A change that affects pod templates restarts pods."""

    model_config = SettingsConfigDict(env_prefix="AILTIRE_OPERATOR_", frozen=True, use_attribute_docstrings=True)

    namespace: Annotated[list[Namespace], NoDecode] = []
    """Watch only these namespaces, comma-separated; all if empty."""
    gateway_image: ImageReference = GATEWAY_IMAGE
    """The gateways' image, by tag or by digest (name@sha256:…): an unprivileged nginx."""
    nameservers: Annotated[list[str], NoDecode] = []
    """DNS servers for the pods, comma-separated; those of the operator's own /etc/resolv.conf if empty."""
    cluster_domain: str = "cluster.local"
    """The cluster's DNS domain."""
    default_reconcile_as: AccountName | None = None
    """The service account, in each stack's namespace, that the operator impersonates for stacks without reconcileAs;
    if not set, it uses its own."""
    no_cross_namespace_references: bool = False
    """Refuse stacks that refer to an object of another namespace, such as a Gateway (edge.parentRef.namespace)."""
    allow_host_paths: bool = False
    """Allow stacks with securityProfile: privileged to mount paths of the node (never a container runtime's socket).

    Opens the nodes to every author of a stack; without allow_privileged it has no effect.
    """
    allow_privileged: bool = False
    """Allow securityProfile: privileged. Opens the nodes to every author of a stack."""
    watch_secret_metadata: bool = False
    """Watch the metadata of Secrets, never their values, and replace the pods of services with reloadOnSecrets when a
    Secret changes. Needs the rights list and watch on Secrets, with which their values could be read."""
    generic_resources: Annotated[dict[str, str], NoDecode] = {"NVIDIA-GPU": "nvidia.com/gpu", "AMD-GPU": "amd.com/gpu"}
    """The extended resource for each kind of Swarm's generic resources: kind=resource, comma-separated."""
    device_resources: Annotated[dict[str, str], NoDecode] = {}
    """The extended resource for each device of the nodes: /dev/kvm=devices.kubevirt.io/kvm, comma-separated."""
    edge_sources: Annotated[list[str], NoDecode] = []
    """CIDR ranges from which a gateway with an edge may be called, comma-separated; all if empty."""
    trusted_proxies: Annotated[list[str], NoDecode] = []
    """CIDR ranges of the proxies before the gateways, comma-separated: their X-Forwarded-* headers are trusted.

    If empty, no proxy is trusted: the caller is the peer of the connection, even if that is an ingress controller.
    """
    drain_seconds: Annotated[int, Field(ge=0, le=60)] = 15
    """Seconds that a stopping pod keeps serving until its endpoint is removed everywhere.

    EndpointSlices, every node's proxy and the ingress controller are updated one after the other: within two seconds
    on a quiet cluster, in more than five on a busy one.
    """
    max_concurrent_reconciles: Annotated[int, Field(ge=1, le=1000)] = 8
    """Stacks reconciled at the same time. A low number finishes one stack before the next begins."""
    max_inflight_requests: Annotated[int, Field(ge=1, le=64)] = 8
    """Requests in flight. A higher number does not increase the throughput: requests wait longer in the API server."""
    looks: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Deprecated: the former name of max_concurrent_reconciles."""
    workers: Annotated[int, Field(ge=1, le=64)] | None = None
    """Deprecated: the former name of max_inflight_requests."""
    request_timeout: Annotated[float, Field(gt=0, le=300)] = 15.0
    """Seconds that one request to the API server may take."""
    metrics_port: Annotated[int, Field(ge=0, le=65535)] = 8080
    """Port of /healthz, /readyz and /metrics; 0 turns them off."""
    metrics_host: str = "0.0.0.0"
    """Address of that port."""
    watch_silence_seconds: Annotated[float, Field(ge=5)] = 75.0
    """Seconds without any data after which a watch is reconnected."""
    leader_election: bool = True
    """Elect one of several replicas of the operator, by a Lease."""
    lease_namespace: str = "ailtire-system"
    """The namespace of that Lease."""

    @property
    def dns_servers(self) -> tuple[str, ...]:
        """The pods' DNS servers; the last default is the address of the cluster's DNS with kubeadm and kind."""
        return tuple(self.nameservers) or (DEFAULT_NAMESERVER,)

    @property
    def deprecated(self) -> dict[str, str]:
        """The deprecated settings that are set, with the names to use instead."""
        return {old: new for old, new in _RENAMED.items() if old in self.model_fields_set}

    @model_validator(mode="before")
    @classmethod
    def _former_names(cls, values: dict[str, Any]) -> dict[str, Any]:
        former = {new: values[old] for old, new in _RENAMED.items() if values.get(old) is not None}
        return {**former, **values}

    @field_validator("default_reconcile_as", mode="before")
    @classmethod
    def _named(cls, value: str | None) -> str | None:
        if value is not None and not value.strip():
            raise ValueError("must not be empty; name a service account, or do not set the variable")
        return value

    @field_validator("namespace", mode="before")
    @classmethod
    def _some_or_all(cls, value: str | list[str]) -> list[str]:
        """Refuse a list that has only separators: it would mean all."""
        if not isinstance(value, str):
            return value
        return list(dict.fromkeys(part.strip() for part in value.split(","))) if value else []

    @field_validator("generic_resources", "device_resources", mode="before")
    @classmethod
    def _pairs(cls, value: str | dict[str, str]) -> dict[str, str]:
        if isinstance(value, str):
            pairs = {part: part.partition("=") for part in value.split(",") if part.strip()}
            for part, (name, _, resource) in pairs.items():
                if not name.strip() or not resource.strip():
                    raise ValueError(f"'{part.strip()}' is not a pair name=resource")
            return {name.strip(): resource.strip() for name, _, resource in pairs.values()}
        return value

    @field_validator("nameservers", "edge_sources", "trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: str | list[str]) -> list[str]:
        if isinstance(value, str):
            return [part.strip() for part in value.split(",") if part.strip()]
        return value

    @field_validator("nameservers")
    @classmethod
    def _addresses(cls, value: list[str]) -> list[str]:
        for each in value:
            try:
                ip_address(each)
            except ValueError:
                raise ValueError(f"'{each}' is not an IP address") from None
        return value

    @field_validator("edge_sources", "trusted_proxies")
    @classmethod
    def _ranges(cls, value: list[str]) -> list[str]:
        for each in value:
            try:
                ip_network(each, strict=False)
            except ValueError:
                raise ValueError(f"'{each}' is not an address range such as 10.0.0.0/8") from None
            if "/" not in each:
                raise ValueError(f"'{each}' is a single address; write it as {ip_network(each)}")
        return value
