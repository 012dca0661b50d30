"""``import oci://…``: a definition that ``build`` has pushed, read back."""

from collections.abc import Mapping
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.cli import output
from ailtire_operator.cli.failures import Exit, Failure
from ailtire_operator.cli.translation import Translation, planned
from ailtire_operator.compose.errors import ApplicationError
from ailtire_operator.compose.yaml_data import YamlError, documents
from ailtire_operator.model.images import DEFINITION_SCHEME
from ailtire_operator.model.loading import levels, parse_stack
from ailtire_operator.model.problems import InvalidStack
from ailtire_operator.oci import artifacts
from ailtire_operator.oci.errors import RegistryError
from ailtire_operator.oci.reference import Reference, parse_address

_HEAD: Final = {"apiVersion": naming.API_VERSION, "kind": naming.KIND}


def is_address(path: str) -> bool:
    """Whether a path is none, but the address of a definition in a registry."""
    return path.startswith(DEFINITION_SCHEME)


def translate(address: str, name: str | None, *, plain: bool) -> Translation:
    """The definition at an address, and the report. Raises Failure."""
    try:
        reference = parse_address(address)
        resource, found = _pulled(reference, plain=plain)
    except RegistryError as error:
        raise Failure(str(error)) from None
    if reference.digest is None:
        output.say(f"note: {reference} is {DEFINITION_SCHEME}{found} now; import that to get the same again")
    if name is not None:
        resource = {**resource, "metadata": {"name": name}}
    try:
        stack = parse_stack(resource)
        for _ in levels(stack.name, stack.spec, {}):
            pass
    except InvalidStack as error:
        raise Failure(f"{DEFINITION_SCHEME}{found}: {error}", code=Exit.NO) from None
    return Translation([resource], list(planned(resource)))


def pulled_spec(address: str) -> Mapping[str, Any]:
    """The spec of a definition that a file refers to, by digest: a file means the same each time it is read.

    Raises ApplicationError.
    """
    try:
        reference = parse_address(address)
        if reference.digest is None:
            raise RegistryError(f"'{address}' has no digest; write the address that build --push has printed")
        spec: Mapping[str, Any] = _pulled(reference, plain=False)[0]["spec"]
    except (RegistryError, Failure) as error:
        raise ApplicationError(str(error)) from None
    return spec


def _pulled(reference: Reference, *, plain: bool) -> tuple[dict[str, Any], Reference]:
    """The resource, with its name and no more of its metadata. Raises RegistryError, or Failure for no definition."""
    data, found = artifacts.pull(reference, plain=plain)
    try:
        read = [each for _, each in documents(data.decode(), literal_keys=True)]
    except (UnicodeDecodeError, YamlError) as error:
        raise Failure(f"{DEFINITION_SCHEME}{found} holds no YAML: {error}", code=Exit.NO) from None
    resource = read[0] if len(read) == 1 else None
    if not isinstance(resource, dict) or {key: resource.get(key) for key in _HEAD} != _HEAD:
        raise Failure(f"{DEFINITION_SCHEME}{found} holds something else than one {naming.KIND}", code=Exit.NO)
    metadata, spec = resource.get("metadata"), resource.get("spec")
    if not isinstance(metadata, dict) or not isinstance(spec, dict):
        raise Failure(f"{DEFINITION_SCHEME}{found} holds an {naming.KIND} without a name or a spec", code=Exit.NO)
    return {**_HEAD, "metadata": {"name": metadata.get("name")}, "spec": spec}, found
