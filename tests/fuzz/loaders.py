"""What is fuzzed: a file's text goes in, and nothing but a definition or one clear error may come out, soon."""

import resource
from collections.abc import Callable
from pathlib import Path
from typing import Final

from ailtire_operator.cli.failures import Invalid
from ailtire_operator.compose.errors import ComposeError
from ailtire_operator.compose.importing import import_application
from compose_cases import convert
from lab.paths import ROOT

CORPUS: Final = ROOT / "tests" / "data" / "fuzz"
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


def _write(file: Path, text: str) -> None:
    file.write_bytes(text.encode("utf-8", "surrogatepass"))


def _judge(read: Callable[[], object]) -> None:
    """Raises Broken, or what the reader should not have raised."""
    started = processor_time()
    try:
        read()
    except (ComposeError, Invalid) as error:
        message = str(error)
        if not message or len(message) > _MESSAGE_LIMIT or (isinstance(error, ComposeError) and "\n" in message):
            raise Broken(f"this is no clear message: {message[:200]!r}") from error
    spent = processor_time() - started
    if spent > SECONDS:
        raise Broken(f"it took {spent:.1f} seconds of processor time")


def processor_time() -> float:
    """Seconds that this process and those that it waited for have used."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


LOADERS: Final[dict[str, Callable[[Path, str], None]]] = {".yaml": compose, ".js": services_js}
"""By the ending of a file of the corpus."""


def seeds(suffix: str) -> list[str]:
    """Texts to start from: the corpus, and definitions of the other tests."""
    places = {
        ".yaml": [*CORPUS.glob("*.yaml"), *(ROOT / "tests" / "data" / "compose").glob("*.yaml")],
        ".js": [*CORPUS.glob("*.js")],
    }
    return [file.read_bytes().decode("utf-8", "replace") for file in sorted(places[suffix])]
