"""The image of kind's nodes where none can be pulled: systemd, containerd, kubelet, and what kubeadm wants."""

import io
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from kindlab import engine, gomodules, images, ours, parts
from kindlab.places import HERE, REPOSITORY
from lab import binaries, commands
from lab.report import Say, say
from lab.versions import PROGRAMS

_KIND_FILES = "images/base/files"
_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_IMPORT = """set -eu
sed -i 's#sandbox_image = .*#sandbox_image = "'"$1"'"#' /etc/containerd/config.toml
containerd > /tmp/containerd.log 2>&1 &
pid=$!
tries=0
until ctr version > /dev/null 2>&1; do
  tries=$((tries + 1)); [ $tries -lt 300 ] || { cat /tmp/containerd.log; exit 1; }
  sleep 0.1
done
ctr --namespace=k8s.io images import --label=io.cri-containerd.pinned=pinned --no-unpack --digests /images.tar
ctr --namespace=k8s.io images list --quiet
kill $pid; wait $pid || true
rm -f /tmp/containerd.log /images.tar
"""


def ensure(tell: Say = say) -> str:
    """Return the name of the node image, after it was found, loaded or built."""
    programs = {**binaries.ensure(parts.NODE_IMAGE, tell), "pause": ours.program(ours.PROGRAMS, "pause")}
    base = images.base(tell)
    system = _system_recipe(base, programs)
    made_of = [system.tag, base, *sorted(path.parent.name for path in programs.values())]
    tag = ours.fingerprint([HERE / "nodeimage.py", HERE / "kubeproxy" / "Dockerfile"], *made_of)
    reference = f"{REPOSITORY}/node:{tag}"
    if not images.present(reference) and not images.load("node", tag, tell):
        _fill(images.ensure(system, tell), reference, base, programs, tell)
        images.save("node", tag, reference, tell)
    return reference


def scratch_image(reference: str, program: Path) -> None:
    """Make an image that holds nothing but one static program."""
    with tempfile.NamedTemporaryFile(suffix=".tar") as file:
        with tarfile.open(file.name, "w") as tar:
            entry = tarfile.TarInfo(f"usr/local/bin/{program.name}")
            content = program.read_bytes()
            entry.size, entry.mode = len(content), 0o755
            tar.addfile(entry, io.BytesIO(content))
            writable = tarfile.TarInfo("tmp")
            writable.type, writable.mode = tarfile.DIRTYPE, 0o1777
            tar.addfile(writable)
        start = f'ENTRYPOINT ["/usr/local/bin/{program.name}"]'
        engine.docker("import", "--change", start, "--change", f"ENV {_PATH}", file.name, reference)


def _system_recipe(base: str, programs: Mapping[str, Path]) -> images.Recipe:
    kind = gomodules.folder_of("kind", "sigs.k8s.io/kind") / _KIND_FILES
    files = {f"kind/{path.relative_to(kind)}": path for path in ours.files_of(kind)}
    files |= {f"bin/{name}": programs[name] for name in ("kubelet", "kubeadm", "kubectl")}
    files |= {f"containerd/{part.name}": programs[part.name] for part in parts.RUNTIME}
    files |= {f"cni/{part.name}": programs[part.name] for part in parts.PLUGINS}
    files["capless"] = ours.program(ours.PROGRAMS, "capless")
    arguments = {"BASE": base, "VERSION": PROGRAMS["kubectl"].version}
    return images.Recipe("node-system", HERE / "node", files, arguments)


def _fill(system: str, reference: str, base: str, programs: Mapping[str, Path], tell: Say) -> None:
    """Put the images that kubeadm wants into the node's own store, as kind's build does it."""
    version = PROGRAMS["kubectl"].version
    listed = commands.output([programs["kubeadm"], "config", "images", "list", "--kubernetes-version", version]).split()
    wanted = {name.split("/")[-1].split(":")[0]: name for name in listed}
    for name, image in wanted.items():
        if name != "kube-proxy":
            scratch_image(image, programs[name])
    proxy = images.Recipe("kube-proxy", HERE / "kubeproxy", {"kube-proxy": programs["kube-proxy"]}, {"BASE": base})
    engine.docker("tag", images.ensure(proxy, tell), wanted["kube-proxy"])
    storage = {
        "local-path-provisioner": f"{REPOSITORY}/local-path-provisioner:lab",
        "debian": f"{REPOSITORY}/debian:lab",
    }
    scratch_image(storage["local-path-provisioner"], programs["local-path-provisioner"])
    engine.docker("tag", base, storage["debian"])
    with _saved([*wanted.values(), *storage.values()]) as tar:
        _import(system, reference, tar, wanted["pause"], tell)


@contextmanager
def _saved(references: list[str]) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        tar = Path(name) / "images.tar"
        engine.docker("save", "-o", tar, *references, timeout=600)
        yield tar


def _import(system: str, reference: str, tar: Path, pause: str, tell: Say) -> None:
    name = f"{REPOSITORY}-fill"
    engine.docker("rm", "--force", name) if commands.succeeds(["docker", "inspect", name]) else None
    start = ["--entrypoint", "sh", "--name", name, "--privileged", system, "-c", _IMPORT, "sh", pause]
    engine.docker("create", *start)
    try:
        engine.docker("cp", tar, f"{name}:/images.tar", timeout=600)
        commands.long(
            "putting Kubernetes' images into the node image", ["docker", "start", "--attach", name], tell=tell
        )
        change = 'ENTRYPOINT ["/usr/local/bin/entrypoint", "/sbin/init"]'
        commands.long("writing the node image", ["docker", "commit", "--change", change, name, reference], tell=tell)
    finally:
        engine.docker("rm", "--force", name)
