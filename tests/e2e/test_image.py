"""The operator's image, and what is written down of it."""

import json
from pathlib import Path

from packaging.utils import canonicalize_name

from kindlab import engine, workloads
from supplychain import sbom, tools

_PYTHON = "import importlib.metadata as m; print(*{f'{d.name} {d.version}' for d in m.distributions()}, sep='\\n')"


def test_the_bill_of_the_image_lists_what_its_own_programs_say_that_is_installed(tmp_path: Path) -> None:
    tools.install()
    image = workloads.operator()
    sbom.main(image, tmp_path)
    bill = json.loads((tmp_path / sbom.IMAGE).read_text())
    listed = {each["purl"].partition("?")[0] for each in bill["components"]}
    python = [line.split() for line in _run(image, "/opt/ailtire/bin/python", "-c", _PYTHON)]
    debian = [line.split() for line in _run(image, "dpkg-query", "--show")]
    assert {f"pkg:pypi/{canonicalize_name(name)}@{version}" for name, version in python} <= listed
    assert len([each for each in listed if each.startswith("pkg:deb/")]) == len(debian) > 50
    properties = {each["name"]: each["value"] for each in bill["metadata"]["component"]["properties"]}
    told = json.loads(engine.docker("image", "inspect", image))[0]
    assert properties["ailtire:imageId"] == told["Id"]


def _run(image: str, program: str, *arguments: str) -> list[str]:
    return engine.docker("run", "--rm", f"--entrypoint={program}", image, *arguments).splitlines()
