"""``deploy`` of a service, as in Compose: replicas, resources, placement and updates."""

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from ailtire_operator.model.base import OrEmpty, Strict, rules
from ailtire_operator.model.devices import ClaimTemplates, DeviceReservation, GenericResources
from ailtire_operator.model.keys import MetadataKey, VolumeKey
from ailtire_operator.model.placement import Placement
from ailtire_operator.model.rollout import RestartPolicy, RollbackConfig
from ailtire_operator.model.rollout import UpdateConfig as UpdateConfig
from ailtire_operator.model.values import Quantity, amount


class ResourceList(Strict):
    """Amounts of CPU and memory."""

    cpu: Quantity | None = None
    """CPUs: 500m is half of one."""
    memory: Quantity | None = None
    """Memory in bytes: 256Mi."""


def _fits(name: str) -> str:
    """CEL: the reservation is not above the limit. Invalid quantities are refused by their own rule."""
    limit, reserved = f"self.limits.{name}", f"self.reservations.{name}"
    given = f"has(self.limits) && has({limit}) && has(self.reservations) && has({reserved})"
    sound = f"isQuantity(string({limit})) && isQuantity(string({reserved}))"
    return f"!({given} && {sound}) || quantity(string({reserved})).compareTo(quantity(string({limit}))) <= 0"


class Limits(ResourceList):
    """The most that a service gets."""

    pids: Annotated[int, Field(ge=-1)] | None = None
    """Kept for Swarm: the kubelet limits the processes of each pod."""


class Reservations(ResourceList):
    """Reservations of a service."""

    devices: Annotated[dict[VolumeKey, Annotated[DeviceReservation, OrEmpty]], Field(max_length=8)] = {}
    """Devices, by a name that you choose."""
    generic_resources: GenericResources = {}
    """Countable things, by kind: NVIDIA-GPU, or an extended resource such as nvidia.com/gpu."""
    claim_templates: ClaimTemplates = {}
    """ResourceClaimTemplates of the namespace, by a name that you choose: each pod has a claim of its own by each of
    them, and so the devices that the template selects. Needs Kubernetes 1.34."""


class Resources(Strict):
    """Limits and reservations of the service."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            (_fits("cpu"), "reservations.cpu is above limits.cpu"),
            (_fits("memory"), "reservations.memory is above limits.memory"),
        )
    )

    limits: Limits | None = None
    """The most that it gets."""
    reservations: Reservations | None = None
    """Reserved on its node. Nothing is reserved by default, as in Compose."""

    @model_validator(mode="after")
    def _reservations_fit(self) -> Self:
        for name in ("cpu", "memory"):
            limit, reserved = getattr(self.limits, name, None), getattr(self.reservations, name, None)
            if limit is not None and reserved is not None and amount(reserved) > amount(limit):
                raise ValueError(f"reservations.{name} {reserved} is above limits.{name} {limit}")
        return self


_GLOBAL_COUNT = "modes global and globalJob run one replica per node, so replicas cannot be set"
_JOB_ANY = "a Job's restartPolicy.condition must be onFailure or none"


class Deploy(Strict):
    """How the service runs: Compose's ``deploy``."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            ("!has(self.mode) || !(self.mode in ['global', 'globalJob']) || !has(self.replicas)", _GLOBAL_COUNT),
            (
                "!has(self.mode) || !(self.mode in ['replicatedJob', 'globalJob']) || !has(self.restartPolicy)"
                " || !has(self.restartPolicy.condition) || self.restartPolicy.condition != 'any'",
                _JOB_ANY,
            ),
        )
    )

    mode: Literal["replicated", "global", "replicatedJob", "globalJob"] = "replicated"
    """replicated runs as many as replicas says, global one on each node. The jobs run to their end, once for each
    definition: replicatedJob as many as replicas says, globalJob one on each node."""
    replicas: Annotated[int, Field(ge=0, le=1000)] = 1
    """The number of replicas. Ignored with policies.scaling, as the autoscaler sets it."""
    resources: Resources | None = None
    """Limits and reservations of the service."""
    placement: Placement | None = None
    """On which nodes the replicas may run."""
    restart_policy: RestartPolicy | None = None
    """What happens when the process ends."""
    update_config: UpdateConfig | None = None
    """How an update replaces the replicas."""
    rollback_config: RollbackConfig | None = None
    """How a rollback replaces the replicas; default: as updateConfig."""
    endpoint_mode: Literal["vip", "dnsrr"] = "vip"
    """vip: one stable address for all replicas. dnsrr: the name resolves to the replicas' own addresses."""
    labels: Annotated[dict[MetadataKey, Annotated[str, Field(max_length=4096)]], Field(max_length=64)] = {}
    """Labels of the workload and its Service, not of its pods; an invalid label value becomes an annotation."""

    @model_validator(mode="after")
    def _fits_mode(self) -> Self:
        if self.mode in ("global", "globalJob") and "replicas" in self.model_fields_set:
            raise ValueError(_GLOBAL_COUNT)
        if self.mode.endswith("Job") and self.restart_policy and self.restart_policy.condition == "any":
            raise ValueError(_JOB_ANY)
        return self
