"""Images by digest, as docs/operations.md says to give them: the overlay is made as it stands there."""

import re
import shutil
import textwrap
from functools import partial
from pathlib import Path
from tempfile import mkdtemp

import pytest
import yaml

from lab import ControlPlane
from lab.paths import ROOT

pytestmark = pytest.mark.cluster
DIGEST = "sha256:" + "0123456789abcdef" * 4


def test_the_overlay_of_the_manual_pins_the_operators_image_and_the_gateways(
    control_plane: ControlPlane, request: pytest.FixtureRequest
) -> None:
    manual = (ROOT / "docs" / "operations.md").read_text()
    (told,) = re.findall(r"^ *```yaml\n( *kind: Kustomization\n(?:.*\n)*?) *```$", manual, re.MULTILINE)
    overlay = (
        textwrap.dedent(told).replace("sha256:…", DIGEST).replace("../default", "../../manifests/overlays/default")
    )
    (ROOT / "build").mkdir(exist_ok=True)
    folder = Path(mkdtemp(dir=ROOT / "build"))
    request.addfinalizer(partial(shutil.rmtree, folder))
    (folder / "kustomization.yaml").write_text(overlay)
    text = control_plane.kubectl("kustomize", str(folder))
    (deployment,) = [each for each in yaml.safe_load_all(text) if each["kind"] == "Deployment"]
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert container["image"] == f"registry.example/ailtire-operator@{DIGEST}"
    variables = {each["name"]: each.get("value") for each in container["env"]}
    assert variables["AILTIRE_OPERATOR_GATEWAY_IMAGE"] == f"docker.io/nginxinc/nginx-unprivileged@{DIGEST}"
    assert "AILTIRE_OPERATOR_LEASE_NAMESPACE" in variables
    control_plane.kubectl(
        "apply", "--server-side", "--dry-run=server", "-f", "-", stdin=yaml.safe_dump(_anywhere(deployment))
    )


def _anywhere(deployment: dict[str, object]) -> dict[str, object]:
    """The Deployment in a namespace that is there: it alone is asked about."""
    metadata = {"name": "by-digest", "namespace": "default"}
    return {**deployment, "metadata": metadata}
