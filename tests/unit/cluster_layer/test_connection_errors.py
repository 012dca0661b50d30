"""A connection that does not come about is told in kubectl's own words, and once."""

from pathlib import Path

import pytest
import yaml

from ailtire_operator.cli import live
from ailtire_operator.cli.failures import Failure
from ailtire_operator.cli.options import Target


@pytest.mark.parametrize(
    ("server", "said"),
    [
        (
            "http://127.0.0.1:1",
            "The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?",
        ),
        ("http://nowhere.invalid:1", "Unable to connect to the server: dial tcp: lookup nowhere.invalid: no such host"),
    ],
)
def test_it_is_told_as_kubectl_tells_it(tmp_path: Path, server: str, said: str) -> None:
    config = {
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "users": [{"name": "u", "user": {}}],
        "contexts": [{"name": "h", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "h",
    }
    (tmp_path / "config").write_text(yaml.safe_dump(config))
    with pytest.raises(Failure) as caught:
        live.run(Target(kubeconfig=str(tmp_path / "config")), lambda cluster: cluster.stack("x"))
    assert (str(caught.value), caught.value.hint) == (said, "")
