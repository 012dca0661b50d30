"""How a run of pytest ended: its exit status, kept beside the report, which does not say it."""

from pathlib import Path

import pytest


def record(config: pytest.Config, status: int) -> None:
    """Keep the exit status of a run that writes a report; a worker of pytest-xdist writes none."""
    report = config.getoption("xmlpath", None)
    if report and not hasattr(config, "workerinput"):
        file = _beside(Path(report))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{int(status)}\n", encoding="utf-8")


def recorded(report: Path) -> int | None:
    """The exit status of the run that wrote the report; None where it came to no end."""
    file = _beside(report)
    return int(file.read_text(encoding="utf-8")) if file.exists() else None


def _beside(report: Path) -> Path:
    return report.with_suffix(".status")
