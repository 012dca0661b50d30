"""What is fuzzed: a text goes in, and nothing but a definition or one clear error may come out, soon."""

import resource as limits
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import orjson

from ailtire_operator.cli.failures import Invalid
from ailtire_operator.cluster.decoding import decode
from ailtire_operator.cluster.managed_fields import desired_projection, fingerprint
from ailtire_operator.cluster.store import record_of
from ailtire_operator.compose.errors import ComposeError
from ailtire_operator.compose.importing import import_application
from ailtire_operator.model.loading import parse_stack
from ailtire_operator.model.problems import InvalidStack
from ailtire_operator.plan.build import plan
from ailtire_operator.plan.types import Observed
from lab.paths import ROOT
from support.checks.expressions import LONG, inventory, took
from support.checks.expressions import SECONDS as SECONDS_FOR_A_TEXT
from support.compose.compose_cases import convert
from support.definitions.stacks import SETTINGS

CORPUS: Final = ROOT / "tests" / "data" / "fuzz"
_UNPRINTABLE: Final = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Categories of characters that control how others are shown."""
SECONDS: Final = 1.0
"""Of processor time, Docker Compose's included."""
_MESSAGE_LIMIT: Final = 4000


class Broken(AssertionError):
    """A file that was neither read nor refused as it should be."""


def compose(folder: Path, text: str) -> None:
    """Read a Compose file, and render what it became."""
    file = folder / "compose.yaml"
    _write(file, text)
    _judge(lambda: convert(file, project_name="fuzz"))


def services_js(folder: Path, text: str) -> None:
    """Read a services.js."""
    file = folder / "services.js"
    _write(file, text)
    _judge(lambda: import_application(file, env=None, registry=None, name="fuzz"))


def resource(folder: Path, text: str) -> None:
    """Read what the API server gives as the operator does, plan it, and make its objects ready to be compared."""
    _judge(lambda: _planned(text.encode("utf-8", "surrogatepass")))


def _planned(data: bytes) -> None:
    found = decode(data)
    record_of(found)
    for manifest in plan(parse_stack(found), SETTINGS, Observed()).objects:
        fingerprint(desired_projection(manifest))
        orjson.dumps(manifest)


def expressions(folder: Path, text: str) -> None:
    """Have every regular expression of the package look at a text."""
    for name, pattern, search in inventory():
        if (seconds := took(pattern, text, search=search)) > SECONDS_FOR_A_TEXT[LONG]:
            raise Broken(f"{name} took {seconds:.3f} seconds of processor time")


def _write(file: Path, text: str) -> None:
    file.write_bytes(text.encode("utf-8", "surrogatepass"))


def _judge(read: Callable[[], object]) -> None:
    """Raises Broken, or what the reader should not have raised."""
    # One good try of several is enough: the machine may have other work.
    spent = min(_tries(read))
    if spent > SECONDS:
        raise Broken(f"it took {spent:.1f} seconds of processor time")


def _tries(read: Callable[[], object]) -> Iterator[float]:
    """Seconds of processor time of each try, until there is a good one."""
    for _ in range(4):
        started = processor_time()
        _read(read)
        spent = processor_time() - started
        yield spent
        if spent <= SECONDS:
            return


def _read(read: Callable[[], object]) -> None:
    try:
        read()
    except (ComposeError, Invalid, InvalidStack) as error:
        message = str(error)
        if not message or len(message) > _MESSAGE_LIMIT or (isinstance(error, ComposeError) and "\n" in message):
            raise Broken(f"this is no clear message: {message[:200]!r}") from error
        if {unicodedata.category(each) for each in message.replace("\n", "")} & _UNPRINTABLE:
            raise Broken(f"this changes a terminal: {message[:200]!r}") from error


def processor_time() -> float:
    """Seconds that this process and those that it waited for have used."""
    used = [limits.getrusage(who) for who in (limits.RUSAGE_SELF, limits.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


LOADERS: Final[dict[str, Callable[[Path, str], None]]] = {
    ".yaml": compose,
    ".js": services_js,
    ".json": resource,
    ".txt": expressions,
}
"""By the ending of a file of the corpus."""


def seeds(suffix: str) -> list[str]:
    """Texts of files to start from: the corpus, and definitions of the other tests."""
    places = {
        ".yaml": [*CORPUS.glob("*.yaml"), *(ROOT / "tests" / "data" / "compose").glob("*.yaml")],
        ".js": [*CORPUS.glob("*.js")],
    }
    return [file.read_bytes().decode("utf-8", "replace") for file in sorted(places[suffix])]
