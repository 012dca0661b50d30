"""What exploring finds is kept, and tried again each time."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

_LAW = """
from pathlib import Path

from hypothesis import Phase, given, settings, strategies as st
from hypothesis.database import ReadOnlyDatabase

from exploring import Keeping

HERE = Keeping(Path(__file__).parent / "examples")
settings.register_profile("explore", database=HERE, max_examples=2000)
settings.register_profile("kept", database=ReadOnlyDatabase(HERE), phases=[Phase.reuse])
settings.load_profile("PROFILE")
LIMIT = 700


@given(st.integers(0, 1000))
def test_law(number):
    assert number < LIMIT
"""


@pytest.fixture
def law(tmp_path: Path) -> Path:
    return tmp_path / "test_law.py"


def tried(law: Path, profile: str, *, mended: bool = False) -> int:
    """pytest's exit code for the law."""
    law.write_text(_LAW.replace("PROFILE", profile).replace("LIMIT = 700", f"LIMIT = {2000 if mended else 700}"))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(law.parent), str(law)]
    path = os.pathsep.join(each for each in sys.path if each)
    return subprocess.run(command, capture_output=True, check=False, env={**os.environ, "PYTHONPATH": path}).returncode


def test_what_failed_once_is_tried_again_each_time(law: Path) -> None:
    assert tried(law, "explore") == 1
    assert tried(law, "explore", mended=True) == 0
    assert tried(law, "kept") == 1, "it is kept though it passed meanwhile"
    assert tried(law, "kept", mended=True) == 0, "nothing else is tried"
