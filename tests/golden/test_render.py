"""What ``kubectl ailtire render`` makes of the examples, to the byte: a change of any manifest is seen in review.

Where a change is meant, the files are written anew: ``PYTHONPATH=operator:tests python tests/golden/test_render.py``.
"""

import contextlib
import io
import os
from pathlib import Path

import pytest

from ailtire_operator.cli import app
from lab.paths import ROOT

HERE = Path(__file__).parent / "render"
EXAMPLES = ROOT / "examples"
BUILT = frozenset({"kustomization.yaml"})


def inputs() -> dict[str, list[Path]]:
    """The files of each example, by the name of its folder; overlays mean nothing before kustomize has built them."""
    folders = sorted(path.parent for path in EXAMPLES.rglob("stack.yaml") if "overlays" not in path.parts)
    return {
        "-".join(folder.relative_to(EXAMPLES).parts): sorted(
            set(folder.glob("*.yaml")) - {folder / name for name in BUILT}
        )
        for folder in folders
    }


def rendered(files: list[Path]) -> str:
    out = io.StringIO()
    settings = {name for name in os.environ if name.startswith("AILTIRE_OPERATOR_")}
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()) as errors:
        kept = {name: os.environ.pop(name) for name in settings}
        try:
            code = app.run(["render", "--stacks", *map(str, files)])
        finally:
            os.environ.update(kept)
    assert code == 0, errors.getvalue()
    return out.getvalue()


@pytest.mark.parametrize(("name", "files"), inputs().items())
def test_an_example_renders_to_its_file(name: str, files: list[Path]) -> None:
    golden = HERE / f"{name}.yaml"
    assert golden.exists(), "a new example: write its file as the head of this one says"
    assert rendered(files) == golden.read_text()


def test_every_file_has_its_example() -> None:
    assert {path.stem for path in HERE.iterdir()} == set(inputs())


def write() -> None:
    HERE.mkdir(exist_ok=True)
    for path in HERE.iterdir():
        path.unlink()
    for name, files in inputs().items():
        (HERE / f"{name}.yaml").write_text(rendered(files))


if __name__ == "__main__":
    write()
