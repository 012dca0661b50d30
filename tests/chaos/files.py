"""The files that operator-chaos reads: written from what is said in this folder, and compared with it by a test."""

from pathlib import Path
from typing import Any, Final

import yaml

from chaos.experiments import experiments
from chaos.knowledge import knowledge

HERE: Final = Path(__file__).parent
KNOWLEDGE: Final = HERE / "knowledge.yaml"
EXPERIMENTS: Final = HERE / "experiments"
_HEAD: Final = "# Written by `python -m chaos write`.\n"


def contents() -> dict[Path, str]:
    """Each file with its text."""
    found = {KNOWLEDGE: _text(knowledge())}
    for each in experiments():
        found[EXPERIMENTS / f"{each.name}.yaml"] = _text(each.to_yaml())
    return found


def write() -> None:
    """Write all of them, and remove what is none of them any more."""
    EXPERIMENTS.mkdir(exist_ok=True)
    wanted = contents()
    for path in EXPERIMENTS.iterdir():
        if path not in wanted:
            path.unlink()
    for path, text in wanted.items():
        path.write_text(text)


class _Plain(yaml.CSafeDumper):
    """Nothing is an alias of something before it."""

    def ignore_aliases(self, data: Any) -> bool:
        """Always."""
        del data
        return True


def _text(value: object) -> str:
    return _HEAD + yaml.dump(value, Dumper=_Plain, sort_keys=False, width=110)
