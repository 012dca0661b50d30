"""What a bill of materials is of, and the program that writes it."""

import json
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lab.paths import ROOT
from supplychain import tools
from supplychain.packages import Package, as_json

FOLDER = ROOT / "build" / "sbom"
_WRITER = Path(__file__).with_name("bom.py")


@dataclass(frozen=True)
class Subject:
    """The wheel, or an image."""

    name: str
    version: str
    type: str
    """In CycloneDX's words: library, application, container."""
    hashes: tuple[str, ...] = ()
    """SHA-256."""
    needs: tuple[tuple[str, str], ...] | None = None
    """Kind and name of the packages that it requires itself; all that are in it where None."""
    properties: Mapping[str, str] = field(default_factory=dict)


def write(file: Path, subject: Subject, packages: Sequence[Package], seconds: int | None = None) -> None:
    """Write the bill, of a time in seconds since 1970. Raises SystemExit where CycloneDX's schema does not take it."""
    told = {
        "subject": {**vars(subject), "properties": dict(subject.properties)},
        "packages": [as_json(each) for each in packages],
    }
    environment = {"SOURCE_DATE_EPOCH": str(int(time.time())), **tools.environment()}
    if seconds is not None:
        environment["SOURCE_DATE_EPOCH"] = str(seconds)
    done = subprocess.run(
        [tools.program("python"), _WRITER, file], input=json.dumps(told), env=environment, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{file} was not written")
