"""An operator upgrade rolls no pod: a stack of the first release renders to the same bytes in every later one.

Where a change is meant (a defect that only another template mends), the file is written anew, and the commit says whose
pods roll and why: ``PYTHONPATH=operator:tests python tests/golden/test_rollout_stability.py``.
"""

import json
import sys
from pathlib import Path
from typing import Any

import yaml

from ailtire_operator.plan.build import plan
from ailtire_operator.plan.types import Observed
from support.definitions.stacks import SETTINGS, stack

HERE = Path(__file__).parent / "rollout"
OBJECTS = HERE / "objects.yaml"
ADDRESSES = {"shop-web": ("10.0.0.20",), "shop-store": ("10.1.0.4", "10.1.0.5"), "shop": ("10.0.0.24",)}


class Plain(yaml.SafeDumper):
    """Every value in full: an anchor would hide which of its places has changed."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def rendered() -> str:
    made = plan(stack((HERE / "spec.yaml").read_text()), SETTINGS, Observed(addresses=ADDRESSES))
    return yaml.dump_all(json.loads(json.dumps(made.objects)), Dumper=Plain, width=120, explicit_start=True)


def test_what_was_rendered_once_is_rendered_for_ever() -> None:
    assert rendered() == OBJECTS.read_text()


if __name__ == "__main__":
    sys.exit(0 if OBJECTS.write_text(rendered()) else 1)
