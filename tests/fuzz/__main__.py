"""``python -m fuzz --minutes 10``: hostile definitions until the time is up; what breaks a reader is kept."""

import time
from collections import Counter
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from fuzz import growing
from fuzz.damage import damaged
from fuzz.loaders import CORPUS, LOADERS, seeds

_EXAMPLES = 200


def main(minutes: Annotated[float, typer.Option(help="How long.", min=0.01)] = 10.0) -> None:
    """Fuzz all readers in turn. Exit code 1, and a file in tests/data/fuzz, where one breaks."""
    until, counts, broken = time.monotonic() + minutes * 60, Counter[str](), 0
    rounds = 0
    while time.monotonic() < until and not broken:
        for suffix in LOADERS:
            if (failure := _round(suffix, time.time_ns() + rounds, until, counts)) is not None:
                text, error = failure
                file = CORPUS / f"broken-{sha256(text.encode('utf-8', 'replace')).hexdigest()[:8]}{suffix}"
                file.write_bytes(text.encode("utf-8", "surrogatepass"))
                print(f"{file}: {type(error).__name__}: {error}")
                broken += 1
        rounds += 1
    print(
        ", ".join(f"{count:,} files {suffix}" for suffix, count in counts.items()), f"{broken} broke a reader", sep="; "
    )
    raise typer.Exit(1 if broken else 0)


def inputs(suffix: str) -> st.SearchStrategy[str]:
    """What a reader is given."""
    made = {".json": growing.resources, ".txt": growing.texts}
    return made[suffix]() if suffix in made else damaged(suffix, seeds(suffix))


def _round(suffix: str, chosen: int, until: float, counts: Counter[str]) -> tuple[str, Exception] | None:
    """Some examples for one reader; the smallest that breaks it, and how."""
    last: list[str] = []

    @seed(chosen)
    @settings(max_examples=_EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(inputs(suffix))
    def read(text: str) -> None:
        if time.monotonic() > until:
            return
        last[:] = [text]
        counts[suffix] += 1
        with TemporaryDirectory() as folder:
            LOADERS[suffix](Path(folder), text)

    try:
        read()
    except ExceptionGroup as error:  # there are several; one may not have come back when it was tried again
        return last[0], next(each for each in error.exceptions if isinstance(each, Exception))
    except Exception as error:
        return last[0], error
    return None


if __name__ == "__main__":
    typer.run(main)
