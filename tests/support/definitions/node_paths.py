"""Paths of a node, by what they have to do with a container runtime's socket."""

SOCKETS = [
    "/run/docker.sock", "/var/run/docker.sock", "/run/docker.sock/", "//run/./docker.sock", "/run//docker.sock",
    "/srv/../run/docker.sock", "/var/run/../run/docker.sock", "/var/lock/../docker.sock", "/run/docker.sock/below",
    "/run/containerd/containerd.sock", "/run/containerd/containerd.sock.ttrpc", "/var/run/crio/crio.sock",
    "/run/podman/podman.sock", "/var/run/dockershim.sock", "/run/cri-dockerd.sock",
    "/run/k3s/containerd/containerd.sock",
    "/run/user/1000/docker.sock", "/run/user/1000/podman/podman.sock", "/var/snap/microk8s/common/run/containerd.sock",
    "/proc/1/root/run/docker.sock", "/mnt/moved/docker.sock", "/run/buildkit/buildkitd.sock",
]  # fmt: skip
ABOVE = [
    "/", "//", "/.", "/run", "/run/", "//run/.", "/var", "/var/run", "/var/run/", "/var/./run", "/run/containerd",
    "/run/containerd/s", "/var/run/crio", "/run/podman", "/run/docker", "/run/user", "/run/user/1000", "/run/k3s",
    "/var/snap", "/proc", "/proc/1/root", "/proc/self/cwd", "/dev/fd", "/dev/fd/3",
]  # fmt: skip
OTHERS = [
    "/srv", "/srv/run", "/var/log", "/etc", "/run/lock", "/var/lock", "/run/udev", "/dev/kvm", "/home/docker",
    "/srv/docker",
]  # fmt: skip
