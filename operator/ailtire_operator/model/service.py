"""One entry of ``spec.services``: a plain service (it has an image) or a stack (it has a definition or a reference)."""

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, PrivateAttr, model_validator

from ailtire_operator.model.base import NEVER_NULL, OrEmpty, Strict, rules
from ailtire_operator.model.child import Definition, StackReference
from ailtire_operator.model.container import TOKEN_RULE, Container
from ailtire_operator.model.deploy import Deploy
from ailtire_operator.model.deploy import Resources as Resources
from ailtire_operator.model.exposure import ExposureType
from ailtire_operator.model.keys import (
    QUALIFIED_PATTERN,
    InterfaceKey,
    MetadataKey,
    NetworkKey,
    PortName,
    ServiceKey,
    VariableName,
    VolumeKey,
)
from ailtire_operator.model.policies import Policies
from ailtire_operator.model.rollout import UpdateConfig as UpdateConfig
from ailtire_operator.model.values import (
    AbsolutePath,
    Argument,
    Duration,
    EnvironmentValue,
    ImageReference,
    LabelValue,
    Name,
    ObjectName,
    Port,
    Time,
    UniqueList,
    UrlPath,
    UserId,
)
from ailtire_operator.model.volumes import VolumeMount as VolumeMount


class Interface(Strict):
    """One route of a service through its stack's gateway."""

    path: UrlPath = "/"
    """Key with a leading slash: the path that the backend sees in place of the key. Key without one: the external
    prefix, which a plain service sees unchanged."""
    port: Port = 3000
    """The port on which the service answers; a child stack always answers on its gateway's port 3000."""
    protocol: Literal["http", "https", "ws", "tcp"] = "http"
    """http (WebSockets included), https, ws (the same as http) or tcp (passed through on the gateway's port of the
    same number, no path)."""


class ServicePort(Strict):
    """A port on which the service listens for its peers."""

    port: Port
    """The number, the same inside the container and on the Service, as peers dial it in Compose."""
    protocol: Literal["TCP", "UDP", "SCTP"] = "TCP"
    """The transport protocol: TCP, UDP or SCTP."""
    app_protocol: Annotated[str, Field(max_length=63, pattern=QUALIFIED_PATTERN)] | None = None
    """The application protocol, for proxies that need it: http, kubernetes.io/h2c, kubernetes.io/ws."""
    published: Port | None = None
    """The port number outside of the cluster: by spec.exposure, or (mode: host) on the node."""
    exposure: ExposureType | None = None
    """The exposure of this published port in place of spec.exposure: ClusterIP keeps only this port inside the cluster,
    NodePort and LoadBalancer open only this one."""
    mode: Literal["ingress", "host"] = "ingress"
    """host: on the node that runs the replica. Needs securityProfile: privileged."""
    host_ip: Annotated[str, Field(max_length=45, pattern=r"^[0-9a-fA-F.:]+$")] | None = None
    """For mode host: on this address of the node only."""


_ONE_SOURCE = rules(("has(self.secret) != has(self.configMap)", "set exactly one of secret and configMap"))


class _FromObject(Strict):
    """A reference to a Secret or a ConfigMap, not to both."""

    secret: ObjectName | None = None
    """The name of a Secret of the namespace."""
    config_map: ObjectName | None = None
    """The name of a ConfigMap of the namespace."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.secret is None) == (self.config_map is None):
            raise ValueError("set exactly one of secret and configMap")
        return self


class EnvironmentSource(_FromObject):
    """A Secret or ConfigMap of the namespace whose every key becomes a variable."""

    model_config = ConfigDict(json_schema_extra=NEVER_NULL | _ONE_SOURCE)

    prefix: Annotated[str, Field(max_length=64, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] | None = None
    """Prefix of every variable."""
    optional: bool = False
    """Start without the object if it is missing; otherwise the pod waits for it."""


class EnvironmentReference(_FromObject):
    """One key of a Secret or ConfigMap of the namespace as the value of one variable."""

    model_config = ConfigDict(json_schema_extra=_ONE_SOURCE)

    key: Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[-._a-zA-Z0-9]+$")]
    """The key in that Secret or ConfigMap."""
    optional: bool = False
    """Start without the variable if the key is missing; otherwise the pod waits for it."""


class Healthcheck(Strict):
    """When the service is healthy: readiness and liveness, with Docker's defaults (30s, 30s, 3 retries)."""

    model_config = ConfigDict(
        json_schema_extra=NEVER_NULL
        | rules(
            (
                "has(self.disable) && self.disable || [has(self.test), has(self.http), has(self.tcp)].exists_one(x, x)",
                "set exactly one of test, http and tcp, or disable: true",
            )
        )
    )

    test: (
        Annotated[list[Argument], Field(min_length=1, max_length=64, examples=[["CMD", "pg_isready", "-U", "shop"]])]
        | None
    ) = None
    """Docker's form: [CMD, program, argument], [CMD-SHELL, text] for /bin/sh -c, or [NONE] for no check."""
    http: UrlPath | None = None
    """A path that answers a GET with a status below 400."""
    tcp: bool | None = None
    """True: healthy while the port accepts connections."""
    port: Port | None = None
    """For http and tcp; by default the service's first port."""
    interval: Duration = "30s"
    """Time between two checks."""
    timeout: Duration = "30s"
    """A check that takes longer has failed."""
    retries: Annotated[int, Field(ge=0, le=1000)] = 3
    """Failures in a row until the service counts as unhealthy."""
    start_period: Duration | None = None
    """Time after the start in which failures do not count."""
    start_interval: Duration = "5s"
    """Time between two checks while starting."""
    disable: bool = False
    """True: there is no health check."""

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        kinds = [kind for kind in (self.test, self.http, self.tcp) if kind is not None]
        if not self.disable and len(kinds) != 1:
            raise ValueError("set exactly one of test, http and tcp, or disable: true")
        return self


class NetworkMembership(Strict):
    """The service's membership in one network."""

    aliases: Annotated[UniqueList[Annotated[Name, Field(min_length=1, max_length=63)]], Field(max_length=32)] = []
    """Additional names under which the network's members reach the service."""


SERVICE_RULES = rules(
    TOKEN_RULE,
    (
        "(has(self.type) && self.type == 'stack') || has(self.image)",
        "a service needs an image, or type: stack",
    ),
    (
        "!(has(self.type) && self.type == 'stack') || has(self.stack) != has(self.stackRef)",
        "a stack needs exactly one of stack (its definition) and stackRef (a reference)",
    ),
    (
        "(has(self.type) && self.type == 'stack') || (!has(self.stack) && !has(self.stackRef))",
        "stack and stackRef need type: stack",
    ),
    (
        "!(has(self.type) && self.type == 'stack') || !has(self.image)",
        "a stack has no image; set it in its services",
    ),
    (
        "!(has(self.type) && self.type == 'stack') || !has(self.adopt) || !self.adopt",
        "a stack has no Deployment to adopt; set it in its services",
    ),
)


class Service(Container):
    """A member is a service that runs an image, or (type: stack) a package with services of its own."""

    model_config = ConfigDict(json_schema_extra=NEVER_NULL | SERVICE_RULES)

    type: Literal["service", "stack"] = "service"
    """service (the default) runs an image; stack makes a child AiltireStack."""
    image: ImageReference | None = None
    """The image; spec.images can override it, and spec.imageRegistry is its prefix if it has no registry."""
    entrypoint: Annotated[list[Argument], Field(min_length=1, max_length=256, examples=[["/bin/web"]])] | None = None
    """Replaces the image's ENTRYPOINT (and CMD)."""
    command: Annotated[list[Argument], Field(max_length=256, examples=[["--port", "3000"]])] | None = None
    """Replaces the image's CMD: the arguments of the entrypoint."""
    working_dir: AbsolutePath | None = None
    """The directory in which the process starts."""
    user: UserId | None = None
    """Numeric user, or user:group, for example "1000:1000". Needed with securityProfile: restricted if the image's
    user is root or a name."""
    read_only: bool = False
    """The container's root file system is read-only."""
    environment: Annotated[
        dict[VariableName, EnvironmentValue], Field(max_length=200, examples=[{"LOG_LEVEL": "info"}])
    ] = {}
    """Variables, by name. AILTIRE_* is reserved."""
    environment_from: Annotated[
        list[EnvironmentSource], Field(max_length=32, examples=[[{"secret": "web-env", "optional": True}]])
    ] = []
    """Secrets and ConfigMaps whose keys become variables; later ones take precedence, environment over all."""
    environment_values_from: Annotated[
        dict[VariableName, EnvironmentReference],
        Field(max_length=200, examples=[{"TOKEN": {"secret": "provider", "key": "token"}}]),
    ] = {}
    """Variables whose value is one key of a Secret or ConfigMap, by name."""
    ports: Annotated[dict[PortName, ServicePort], Field(max_length=64, examples=[{"postgres": {"port": 5432}}])] = {}
    """Ports for the service's peers, by name. The ports of interface are included."""
    interface: Annotated[
        dict[InterfaceKey, Annotated[Interface, OrEmpty]],
        Field(max_length=64, examples=[{"/web": {"path": "/", "port": 3000}}]),
    ] = {}
    """Routes through the stack's gateway, by external prefix."""
    healthcheck: Annotated[Healthcheck, Field(examples=[{"http": "/health", "startPeriod": "30s"}])] | None = None
    """When the service counts as healthy."""
    volumes: Annotated[
        dict[VolumeKey, VolumeMount],
        Field(max_length=64, examples=[{"records": {"source": "records", "target": "/var/lib/postgresql/data"}}]),
    ] = {}
    """Volume mounts, by a name that you choose."""
    deploy: (
        Annotated[Deploy, Field(examples=[{"replicas": 2, "resources": {"limits": {"memory": "256Mi"}}}])] | None
    ) = None
    """How the service runs: replicas, resources, updates."""
    policies: Annotated[Policies, Field(examples=[{"scaling": {"min": 2, "max": 8, "cpu": 70}}])] | None = None
    """Scaling, and the gateway's policies for the service's routes."""
    networks: Annotated[
        dict[NetworkKey, Annotated[NetworkMembership, OrEmpty]],
        Field(max_length=32, examples=[{"siblings": {"aliases": ["api"]}, "backend": {}}]),
    ] = {}
    """The networks it belongs to: siblings and children are the stack's own (the default), parent the parent stack's,
    others are declared in spec.networks."""
    stop_signal: Annotated[str, Field(max_length=16, pattern=r"^SIG[A-Z0-9+-]+$", examples=["SIGINT"])] | None = None
    """The stop signal; default: the image's, or SIGTERM."""
    stop_grace_period: Duration | None = None
    """Time between that signal and SIGKILL; 30s."""
    labels: Annotated[dict[MetadataKey, LabelValue], Field(max_length=64)] = {}
    """Additional labels of the pods."""
    annotations: Annotated[dict[MetadataKey, Annotated[str, Field(max_length=16384)]], Field(max_length=64)] = {}
    """Additional annotations of the pods."""
    adopt: bool = False
    """True: a Deployment that exists, made by somebody else and owned by nobody, becomes the stack's, if it has the
    name of the service's own (STACK-SERVICE) and exactly its selector. From then on it is as any other of the stack: it
    is deleted with the service, with the stack, and where the tree goes back to a revision without the service. Fields
    that the definition does not have stay. Only for a service that is a Deployment; where none exists, one is made."""
    stopped: bool = False
    """True: the member, a service or a whole stack, is stopped; see spec.stopped."""
    restarted_at: Time | None = None
    """The time at which this member, or the whole stack that it is, was last asked to restart; see spec.restartedAt. A
    Job is run again by this field of its own, and by no other."""
    stack: Annotated[Definition, Field(examples=[{"services": {"api": {"image": "orders_api:2"}}}])] | None = None
    """The child stack's definition: the same fields as spec. Validated when the child's own resource is written, and by
    kubectl ailtire validate."""
    stack_ref: Annotated[StackReference, Field(examples=[{"name": "payments"}])] | None = None
    """A reference to a template with the child stack's definition."""

    _parsed: Strict | None = PrivateAttr(default=None)

    @property
    def parsed(self) -> Strict | None:
        """The definition in ``stack``, if it has been validated (model.loading.child_spec)."""
        return self._parsed

    def remember(self, definition: Strict) -> None:
        """Cache the validated definition, as every ancestor reads it often."""
        self._parsed = definition

    @property
    def is_stack(self) -> bool:
        """Whether this member is a child stack."""
        return self.type == "stack"

    @model_validator(mode="after")
    def _plain_or_stack(self) -> Self:
        if not self.is_stack:
            if self.image is None:
                raise ValueError("a service needs an image, or type: stack")
            if self.stack is not None or self.stack_ref is not None:
                raise ValueError("stack and stackRef need type: stack")
        elif (self.stack is None) == (self.stack_ref is None):
            raise ValueError("a stack needs exactly one of stack (its definition) and stackRef (a reference)")
        elif self.image is not None:
            raise ValueError("a stack has no image; set it in its services")
        elif self.adopt:
            raise ValueError("a stack has no Deployment to adopt; set it in its services")
        return self


Services = Annotated[dict[ServiceKey, Service], Field(max_length=500)]
