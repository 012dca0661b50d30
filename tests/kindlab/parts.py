"""Programs that real nodes are made of, beyond those of the lab's control plane."""

from pathlib import Path

from lab import binaries
from lab.versions import PROGRAMS, Program

_NEVER = ("--ailtire-lab",)
"""An option that no program has: what goes into an image is always built, so that it is linked statically."""


def _part(name: str, folder: str, module: str, package: str, minutes: str, ask: tuple[str, ...] = _NEVER) -> Program:
    return Program(name, folder, module, f"{module}/{package}" if package else module, minutes, ask)


def _node(name: str, minutes: str) -> Program:
    return _part(name, "kubernetes", "k8s.io/kubernetes", f"cmd/{name}", minutes)


def _containerd(name: str, minutes: str) -> Program:
    return _part(name, "containerd", "github.com/containerd/containerd/v2", f"cmd/{name}", minutes)


def _plugin(name: str) -> Program:
    kinds = {"ptp": "main", "loopback": "main", "host-local": "ipam", "portmap": "meta"}
    package = f"plugins/{kinds[name]}/{name}"
    return _part(name, "cni", "github.com/containernetworking/plugins", package, "10 seconds")


KIND = _part("kind", "kind", "sigs.k8s.io/kind", "", "20 seconds", ask=("version",))
NODE = (_node("kubelet", "1 minute"), _node("kubeadm", "20 seconds"))
KUBE_PROXY = _node("kube-proxy", "10 seconds")
RUNTIME = (_containerd("containerd", "2 minutes"), *map(_containerd, ("ctr", "containerd-shim-runc-v2"), ("20 s",) * 2))
PLUGINS = tuple(map(_plugin, ("ptp", "loopback", "host-local", "portmap")))
COREDNS = _part("coredns", "coredns", "github.com/coredns/coredns", "", "2 minutes")
LOCAL_PATH = _part(
    "local-path-provisioner", "local-path", "github.com/rancher/local-path-provisioner", "", "30 seconds"
)
TRAEFIK = _part("traefik", "traefik", "github.com/traefik/traefik/v3", "cmd/traefik", "8 minutes")
METRICS_SERVER = _part(
    "metrics-server", "metrics-server", "sigs.k8s.io/metrics-server", "cmd/metrics-server", "2 minutes"
)
KUBE_ROUTER = _part(
    "kube-router", "kube-router", "github.com/cloudnativelabs/kube-router/v2", "cmd/kube-router", "3 minutes"
)
ADDONS = (TRAEFIK, METRICS_SERVER)
"""What the cluster of the tests has beyond a stock one."""
_STATIC_PODS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd")
NODE_IMAGE = (
    *NODE,
    *RUNTIME,
    *PLUGINS,
    COREDNS,
    KUBE_PROXY,
    LOCAL_PATH,
    *(PROGRAMS[name] for name in (*_STATIC_PODS, "kubectl")),
)
"""What nodes are made of where no image of them can be pulled."""


def binary(program: Program) -> Path:
    """Return where a program is; it is built if need be."""
    return binaries.ensure([program])[program.name]
