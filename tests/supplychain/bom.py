"""``bom.py FILE``: writes the bill of materials that standard input describes, as CycloneDX 1.6 in JSON, and checks it.

Runs by the Python of build/tools, which has CycloneDX's library, and by itself: it imports nothing of the project.
"""

import json
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, Property, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

_NAMESPACES = {"deb": "debian"}
_FILES = {
    "pypi": "https://pypi.org/simple/{project}/",
    "npm": "https://registry.npmjs.org/{project}/-/{name}-{version}.tgz",
}
"""Where the files of a package of each kind come from."""
_ALGORITHMS = {64: HashAlgorithm.SHA_256, 128: HashAlgorithm.SHA_512}
"""By the hexadecimal digits of a hash."""


def main(file: Path, told: Mapping[str, Any]) -> None:
    """Write it. Raises SystemExit where it is not as CycloneDX's schema wants it."""
    text = JsonV1Dot6(bom_of(told)).output_as_string(indent=2)
    if error := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        raise SystemExit(f"what was made is no CycloneDX 1.6: {error}")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text + "\n")


def bom_of(told: Mapping[str, Any]) -> Bom:
    """The subject, its components, and which of them require which."""
    subject = subject_of(told["subject"])
    parts = [(each, component_of(each)) for each in told["packages"]]
    bom = Bom(components=[component for _, component in parts])
    bom.metadata.component = subject
    bom.metadata.timestamp = datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), UTC)
    bom.serial_number = uuid5(NAMESPACE_URL, json.dumps(told, sort_keys=True))
    by_name = {(each["kind"], each["name"]): component for each, component in parts}
    named = told["subject"]["needs"]
    asked = by_name.values() if named is None else [by_name[kind, name] for kind, name in named]
    bom.register_dependency(subject, asked)
    for each, component in parts:
        needs = [by_name[each["kind"], name] for name in each["needs"] if (each["kind"], name) in by_name]
        bom.register_dependency(component, needs)
    return bom


def subject_of(told: Mapping[str, Any]) -> Component:
    """What the bill is of."""
    return Component(
        name=told["name"],
        version=told["version"],
        type=ComponentType(told["type"]),
        bom_ref="subject",
        hashes=_hashes(told["hashes"]),
        properties=[Property(name=f"ailtire:{name}", value=value) for name, value in told["properties"].items()],
    )


def component_of(told: Mapping[str, Any]) -> Component:
    """One component. Its hashes stand with the place that its files come from: there is one for each platform."""
    kind, version = told["kind"], told["version"]
    group, _, name = told["name"].rpartition("/")
    url = PackageURL(kind, group or _NAMESPACES.get(kind), name, version, told["qualifiers"])
    place = _FILES.get(kind, "").format(project=told["name"], name=name, version=version)
    source = ExternalReference(
        type=ExternalReferenceType.DISTRIBUTION, url=XsUri(place), hashes=_hashes(told["hashes"])
    )
    return Component(
        group=group or None,
        name=name,
        version=version,
        type=ComponentType.LIBRARY,
        bom_ref=str(url),
        purl=url,
        licenses=[LicenseFactory().make_from_string(told["licence"])] if told["licence"] else [],
        external_references=[source] if told["hashes"] else [],
    )


def _hashes(digests: list[str]) -> list[HashType]:
    # One of another length is for CycloneDX's schema to refuse.
    return [HashType(alg=_ALGORITHMS.get(len(each), HashAlgorithm.SHA_256), content=each) for each in digests]


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.load(sys.stdin))
