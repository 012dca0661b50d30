"""A registry on the nodes' network: what is pushed to it from here, nodes pull by the same name, tag or digest."""

from collections.abc import Iterator
from contextlib import contextmanager

from kindlab import engine, images, kube
from kindlab.places import CLUSTER, IMAGES
from lab.report import Say, say

_NAME = f"{CLUSTER}-registry"
_NETWORK = "kind"
_HOSTS = "/etc/containerd/certs.d"
"""Where kind.yaml has containerd look for what it has to know of a registry; read anew at each pull."""


def image(tell: Say = say) -> str:
    """Return the name of the registry's image, after it was built where it was missing."""
    return images.ensure(images.Recipe("registry", IMAGES / "registry", {}, {"BASE": images.base(tell)}), tell)


@contextmanager
def running() -> Iterator[str]:
    """Address and port under which the registry answers here and to the nodes, for as long as the block lasts."""
    engine.docker("rm", "--force", _NAME)
    # Docker Engine speaks plain HTTP to loopback addresses alone.
    engine.docker("run", "--detach", "--name", _NAME, "--network", _NETWORK, "--publish", "127.0.0.1::5000", image())
    try:
        port = engine.docker("port", _NAME, "5000/tcp").split()[0].rpartition(":")[2]
        address = f"127.0.0.1:{port}"
        form = f'{{{{(index .NetworkSettings.Networks "{_NETWORK}").IPAddress}}}}'
        _tell_nodes(address, engine.docker("inspect", "--format", form, _NAME).strip())
        yield address
    finally:
        engine.docker("rm", "--force", _NAME)


def _tell_nodes(address: str, ip: str) -> None:
    """Have containerd on each node ask the registry by its address on the nodes' network."""
    text = f'[host."http://{ip}:5000"]\n'
    folder = f"{_HOSTS}/{address}"
    for node in kube.nodes():
        write = f"mkdir -p {folder} && cat > {folder}/hosts.toml"
        engine.docker("exec", "--interactive", node, "sh", "-c", write, stdin=text)
