"""Side by side with a real Swarm: one tree here and, exported, there; every difference has its reason.

`make parity` runs this too, and writes the table of docs/swarm-parity.md anew.
"""

import os
from pathlib import Path

import pytest

from e2e.conftest import Lab
from e2e.parity.asking import both
from e2e.parity.expected import EXPECTED, HEADINGS
from e2e.parity.table import compare, inserted, markdown
from lab.paths import ROOT

DOCUMENT = ROOT / "docs" / "swarm-parity.md"
WRITE = "PARITY_WRITE"


@pytest.mark.timeout(600)
def test_every_difference_has_its_reason_and_every_reason_its_difference(
    lab: Lab, operator: None, swarm_mode: None, namespace: str, tmp_path: Path
) -> None:
    comparison = compare(*both(lab.images, namespace, lab.ingress, tmp_path), EXPECTED)
    table = markdown(comparison, HEADINGS)
    print(table)
    assert not comparison.unexplained, "without a reason:\n" + "\n".join(map(str, comparison.unexplained))
    assert not comparison.unused, "reasons for nothing:\n" + "\n".join(comparison.unused)
    written = DOCUMENT.read_text()
    if os.environ.get(WRITE):
        DOCUMENT.write_text(inserted(written, table))
    else:
        assert inserted(written, table) == written, "docs/swarm-parity.md is not current: run 'make parity'"
