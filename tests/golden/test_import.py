"""What ``kubectl ailtire import`` makes of the example with an application: the base that lies beside it."""

import yaml

from ailtire_operator.compose.importing import import_application
from lab.paths import ROOT

APPLICATION = ROOT / "examples" / "09-application"


def test_the_base_is_the_import() -> None:
    (found,) = import_application(APPLICATION, env="dev", registry=None).resources
    assert found == yaml.safe_load((APPLICATION / "base" / "stack.yaml").read_text())
