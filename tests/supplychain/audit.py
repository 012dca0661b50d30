"""``python -m supplychain.audit``: known vulnerabilities of everything that is locked.

pip-audit says "No known vulnerabilities found" also where its database knew none of the packages, as that of a mirror
which only hands out files. So a database counts here only if it answers for each package, and if it knows of one old
release what everybody knows. Where none does, nothing was checked, and that is an outcome of its own.
"""

import json
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from supplychain import pins, tools
from supplychain.pins import Pin

DATABASES = ("osv", "pypi")
OSV = "https://api.osv.dev/v1/query"
KNOWN_TO_BE_VULNERABLE = Pin("jinja2", "2.10", ())
"""CVE-2019-10906: a database that does not know of it knows nothing."""
_SECONDS = 600


class Outcome(IntEnum):
    """The exit code."""

    NONE_KNOWN = 0
    FOUND = 1
    NOT_CHECKED = 3


class NotChecked(Exception):
    """A database gave no answer that counts; the text says why."""


@dataclass(frozen=True)
class Finding:
    """What a database knows of a release."""

    pin: Pin
    vulnerability: str
    """Its name in the database, and the others that it has."""
    fixed: str
    """The releases without it, comma-separated."""


def main(
    lock: Annotated[list[Path] | None, typer.Option(help="A lock file, instead of all of them.")] = None,
    database: Annotated[
        list[str] | None, typer.Option(help="osv or pypi, instead of the one and then the other.")
    ] = None,
    osv_url: Annotated[str, typer.Option(help="Where OSV's API, or a copy of it, is.")] = OSV,
) -> None:
    """Ask for known vulnerabilities of all that is locked. 0: none is known, 1: some are, 3: nothing was checked."""
    locks = lock or pins.files()
    locked = list(dict.fromkeys(pin for file in locks for pin in pins.read(file)))
    reasons = []
    for name in database or DATABASES:
        try:
            found = known(locked, name, osv_url)
        except NotChecked as reason:
            reasons.append(f"  {name}: {reason}")
        else:
            raise typer.Exit(told(found, f"in {len(locked)} releases of {len(locks)} lock files (database: {name})"))
    print("NOT CHECKED: no database of known vulnerabilities could be used.", *reasons, sep="\n")
    print("Nothing is known about what is locked. Run this where api.osv.dev or pypi.org can be reached.")
    raise typer.Exit(Outcome.NOT_CHECKED)


def told(found: Sequence[Finding], where: str) -> Outcome:
    """Print what was found."""
    for each in found:
        print(f"{each.pin.name} {each.pin.version}: {each.vulnerability}; fixed in {each.fixed or 'no release'}")
    print(f"known vulnerabilities: {len(found) or 'none'}, {where}")
    return Outcome.FOUND if found else Outcome.NONE_KNOWN


def known(locked: Sequence[Pin], database: str, osv_url: str) -> list[Finding]:
    """Return what a database knows of these releases. Raises NotChecked."""
    found = [each for asked in _apart([KNOWN_TO_BE_VULNERABLE, *locked]) for each in _ask(asked, database, osv_url)]
    if not any(each.pin == KNOWN_TO_BE_VULNERABLE for each in found):
        name = f"{KNOWN_TO_BE_VULNERABLE.name} {KNOWN_TO_BE_VULNERABLE.version}"
        raise NotChecked(f"it does not know that {name} is vulnerable, so that it knows nothing")
    return [each for each in found if each.pin != KNOWN_TO_BE_VULNERABLE]


def _apart(releases: Sequence[Pin]) -> list[list[Pin]]:
    """Return the releases in lists that have one of each project, as pip-audit wants them."""
    lists: list[dict[str, Pin]] = []
    for pin in releases:
        free = next((each for each in lists if pin.name not in each), None)
        if free is None:
            lists.append(free := {})
        free[pin.name] = pin
    return [list(each.values()) for each in lists]


def _ask(asked: Sequence[Pin], database: str, osv_url: str) -> list[Finding]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        answer = folder / "answer.json"
        (folder / "asked.txt").write_text(pins.requirements(asked))
        complaint = _run(
            "--disable-pip", "--no-deps", "--progress-spinner=off", "--format=json", f"--cache-dir={folder / 'cache'}",
            f"--vulnerability-service={database}", f"--osv-url={osv_url}", f"--output={answer}",
            f"--requirement={folder / 'asked.txt'}",
        )  # fmt: skip
        if not answer.exists():
            raise NotChecked(complaint)
        return findings(asked, json.loads(answer.read_text()))


def _run(*options: str) -> str:
    """Run pip-audit, whose exit code is the same for a vulnerability and for a traceback; return its last complaint."""
    command: list[str | Path] = [tools.program("pip-audit"), *options]
    try:
        done = subprocess.run(
            command, env=tools.environment(), capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return f"no end after {_SECONDS} seconds"
    return (done.stderr.strip().splitlines() or ["pip-audit said nothing"])[-1]


def findings(asked: Sequence[Pin], answer: Any) -> list[Finding]:
    """Return what pip-audit found, if it got an answer for each release. Raises NotChecked."""
    by_release = {(each["name"], each.get("version")): each for each in answer["dependencies"]}
    missing = [pin for pin in asked if "vulns" not in by_release.get((pin.name, pin.version), {})]
    if missing:
        raise NotChecked(f"no answer for {len(missing)} of {len(asked)} releases, {missing[0].name} among them")
    return [_finding(pin, each) for pin in asked for each in by_release[pin.name, pin.version]["vulns"]]


def _finding(pin: Pin, found: Any) -> Finding:
    return Finding(pin, " ".join([found["id"], *sorted(found.get("aliases", []))]), ", ".join(found["fix_versions"]))


if __name__ == "__main__":
    typer.run(main)
