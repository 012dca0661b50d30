"""The judges: ``validate``, the operator's own plan, and the API server by creates that are dry runs."""

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus

from agreement.documents import Document
from ailtire_operator import naming
from ailtire_operator.cli.definitions import collect
from ailtire_operator.cli.failures import Failure, Invalid
from ailtire_operator.cli.rendering import render_all
from ailtire_operator.cli.sources import Document as Source
from ailtire_operator.compose.yaml_data import documents
from ailtire_operator.model.loading import levels, parse_stack
from ailtire_operator.model.problems import InvalidStack
from ailtire_operator.model.settings import Settings
from ailtire_operator.plan.build import plan
from ailtire_operator.plan.types import Observed
from lab.api import Api, Refused
from sequences.schema import Json

_CREATE = f"/apis/{naming.API_VERSION}/namespaces/default/{naming.PLURAL}?dryRun=All&fieldValidation=Strict"
_REFUSALS = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN, HTTPStatus.UNPROCESSABLE_ENTITY})
_CHILD = "child"


@dataclass(frozen=True)
class Judgement:
    """What each of them has against a document; empty where nothing."""

    document: Document
    validate: str
    server: str
    operator: str

    @property
    def agree(self) -> bool:
        """Whether ``validate`` refuses exactly what the others refuse."""
        return bool(self.validate) == bool(self.server or self.operator)

    def __str__(self) -> str:
        judges = (f"{name}: {getattr(self, name) or 'valid'}" for name in ("validate", "server", "operator"))
        return "\n".join([f"## {self.document.what}", self.document.text, *judges])


def judge(api: Api, document: Document) -> Judgement:
    """Ask all of them."""
    return Judgement(document, validated(document), served(api, document), operated(document))


def validated(document: Document) -> str:
    """What ``validate`` says."""
    try:
        sources = [Source("x.yaml", line, data) for line, data in documents(document.text)]
        render_all(collect(sources).checked(), settings=Settings())
    except Invalid as error:
        return "\n".join(error.lines)
    except Failure as error:
        return str(error)
    return ""


def served(api: Api, document: Document) -> str:
    """What the API server says of the resource, and of each inline child as if it were a resource of its own."""
    told = [_created(api, document.resource)]
    for number, child in enumerate(_children(document.resource.get("spec"))):
        metadata = {"name": f"{_CHILD}-{number}", "namespace": "default"}
        resource = {"apiVersion": naming.API_VERSION, "kind": naming.KIND, "metadata": metadata, "spec": child}
        told.append(_created(api, resource))
    return "\n".join(filter(None, told))


def _created(api: Api, resource: Json) -> str:
    try:
        api.create(_CREATE, resource)
    except Refused as refused:
        assert refused.code in _REFUSALS, refused
        return str(refused)
    return ""


def _children(spec: object) -> Iterator[Json]:
    """Every inline child, at all levels."""
    services = spec.get("services") if isinstance(spec, dict) else None
    for service in services.values() if isinstance(services, dict) else ():
        child = service.get("stack") if isinstance(service, dict) else None
        if isinstance(child, dict):
            yield child
            yield from _children(child)


def operated(document: Document) -> str:
    """What the operator would say, level by level, of what the API server lets through.

    A template it reads and never plans: what a plan refuses of it shows where a stack refers to it.
    """
    try:
        root = parse_stack(document.resource)
        for level in levels(root.name, root.spec, {}):
            if root.spec.is_template:
                continue
            made = root.model_copy(update={"name": level.name, "namespace": "n", "uid": "u", "spec": level.spec})
            plan(made, Settings(), Observed())
    except InvalidStack as error:
        return str(error)
    except (AttributeError, KeyError, TypeError):  # no resource, of which the operator never hears
        return ""
    return ""
