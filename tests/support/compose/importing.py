"""Import of an application in tests: what it becomes, and that nothing of it disappears without a word."""

from pathlib import Path
from typing import Any

import yaml

from ailtire_operator.compose.importing import Imported, import_application
from ailtire_operator.model.loading import levels, parse_stack
from support.definitions.applications import services, write


def imported(folder: Path, files: dict[str, Any], env: str | None = "dev", **options: Any) -> Imported:
    """An application of these files."""
    return import_application(write(folder, files), env=env, **{"registry": None, **options})


def single(folder: Path, data: Any, **options: Any) -> Imported:
    """One services.js alone."""
    write(folder / "shop", {"services.js": data})
    options = {"env": None, "registry": None, **options}
    return import_application(folder / "shop/services.js", **options)


def spec(result: Imported) -> Any:
    """The one resource's spec; it is what the API server would take."""
    (resource,) = result.resources
    found = parse_stack(yaml.safe_load(yaml.safe_dump(resource)))
    assert list(levels(found.name, found.spec, {}))
    assert "namespace" not in resource["metadata"]
    return resource["spec"]


def told(result: Imported) -> str:
    """The report as text."""
    return "\n".join(map(str, result.notices))


def web(folder: Path, **fields: Any) -> tuple[dict[str, Any], str]:
    """What a plain service becomes, and what is told about it."""
    result = single(folder, services(web={"image": "web", **fields}))
    return spec(result)["services"]["web"], told(result)
