"""Where the lab of real nodes keeps things, and what it calls them."""

from pathlib import Path

from lab.paths import KIND, ROOT, cache

HERE = Path(__file__).resolve().parent
STATE = KIND
"""What exists while a cluster exists."""
KUBECONFIG = STATE / "kubeconfig"
IMAGES = ROOT / "tests" / "e2e" / "images"
CLUSTER = "ailtire-lab"
CONTEXT = f"kind-{CLUSTER}"
REPOSITORY = "ailtire-lab"
"""The first part of the names of all images that are made here."""


def image_tar(name: str, tag: str) -> Path:
    """Return where an image is kept for the next time."""
    return cache() / "images" / f"{name}-{tag}.tar"
