"""``configs`` and ``secrets``: files of a stack, and where a service mounts them."""

from typing import Annotated, Self

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from ailtire_operator.model.base import NEVER_NULL, OrEmpty, Strict, rules
from ailtire_operator.model.keys import MetadataKey, VolumeKey
from ailtire_operator.model.values import AbsolutePath, Name, ObjectName

DATA_KEY = "data"
"""The key of the content in its ConfigMap or Secret."""
_CONTENT_LIMIT = 524288
_ONE_SOURCE = "set exactly one of content, binaryContent and configMap"
DataKey = Annotated[str, StringConstraints(min_length=1, max_length=253, pattern=r"^[-._a-zA-Z0-9]+$")]


class Config(Strict):
    """A file that services read."""

    model_config = ConfigDict(
        json_schema_extra=NEVER_NULL
        | rules(("[has(self.content), has(self.binaryContent), has(self.configMap)].exists_one(x, x)", _ONE_SOURCE))
    )

    content: Annotated[str, StringConstraints(max_length=_CONTENT_LIMIT)] | None = None
    """Its text. A change creates a new ConfigMap and restarts the services that mount it."""
    binary_content: (
        Annotated[
            str,
            StringConstraints(
                max_length=_CONTENT_LIMIT, pattern=r"^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"
            ),
        ]
        | None
    ) = None
    """Its bytes in base64, for binary content."""
    config_map: ObjectName | None = None
    """A ConfigMap of the namespace that others manage (Compose: external). Its changes restart nothing."""
    key: DataKey = DATA_KEY
    """The key in that ConfigMap."""
    labels: Annotated[dict[MetadataKey, Annotated[str, Field(max_length=4096)]], Field(max_length=32)] = {}
    """Labels of the ConfigMap; an invalid label value becomes an annotation."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if [self.content, self.binary_content, self.config_map].count(None) != 2:
            raise ValueError(_ONE_SOURCE)
        return self


class Secret(Strict):
    """A file from a Secret that others manage. The operator does not read it."""

    secret: ObjectName
    """The name of a Secret of the namespace."""
    key: DataKey = DATA_KEY
    """The key in that Secret."""


class FileMount(Strict):
    """The mount of a config or secret."""

    source: Annotated[Name, Field(min_length=1, max_length=63)] | None = None
    """The key in spec.configs or spec.secrets; default: this entry's own key."""
    target: AbsolutePath | None = None
    """The file's path: /<source> for a config, /run/secrets/<source> for a secret."""
    mode: Annotated[int, Field(ge=0, le=0o777)] = 0o444
    """The file's permissions, as a number: 292 is octal 0444."""
    uid: Annotated[int, Field(ge=0, le=2147483647)] | None = None
    """Kept for Swarm: the file belongs to root."""
    gid: Annotated[int, Field(ge=0, le=2147483647)] | None = None
    """The file's group: it becomes the group of all files of the pod."""


FileMounts = Annotated[dict[VolumeKey, Annotated[FileMount, OrEmpty]], Field(max_length=64)]
Configs = Annotated[dict[VolumeKey, Config], Field(max_length=64)]
Secrets = Annotated[dict[VolumeKey, Secret], Field(max_length=64)]
