"""The programs a lab is made of, and their versions: those that the wrapper modules in gobuild/ require."""

import os
import re
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from lab.errors import LabError
from lab.paths import HERE

GOBUILD = HERE / "gobuild"
OTHER_KUBERNETES = "AILTIRE_LAB_KUBERNETES"
"""The variable that asks for another version of the control plane: 1.34."""
_VERSION_PACKAGES = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")

GoVersion = tuple[int, int, int]


@dataclass(frozen=True)
class Program:
    """One binary: where its code is, how to ask it for its version, how far from ours that may be."""

    name: str
    folder: str
    """Its wrapper module in gobuild/."""
    module: str
    package: str
    minutes: str
    """How long a first build takes on two cores."""
    ask: tuple[str, ...] = ("--version",)
    skew: int = 0
    """How many minor versions an installed one may be away from the pinned one."""
    tags: str = ""
    """Build tags, with commas between them."""

    @property
    def version(self) -> str:
        """The pinned version, as the wrapper module's go.mod has it."""
        return required(self.folder, self.module)

    def accepts(self, version: tuple[int, int]) -> bool:
        """Say whether an installed program of this major and minor version can stand in for the pinned one."""
        major, minor = minor_version(self.version)
        return version[0] == major and abs(version[1] - minor) <= self.skew

    @property
    def linker_flags(self) -> str:
        """Flags that tell the program its own version: clients refuse a server that does not know it."""
        values: dict[str, str] = {}
        if self.module == "k8s.io/kubernetes":
            major, minor = minor_version(self.version)
            facts = {"gitVersion": self.version, "gitMajor": str(major), "gitMinor": str(minor)}
            facts |= {"gitTreeState": "archive", "gitCommit": "unknown", "buildDate": "1970-01-01T00:00:00Z"}
            values = {f"{package}.{key}": value for package in _VERSION_PACKAGES for key, value in facts.items()}
        return " ".join(["-s", "-w", *(f"-X {key}={value}" for key, value in values.items())])


def _kubernetes(name: str, minutes: str, ask: tuple[str, ...] = ("--version",), skew: int = 0) -> Program:
    package = f"k8s.io/kubernetes/cmd/{name}"
    return Program(name, "kubernetes", "k8s.io/kubernetes", package, minutes, ask, skew)


def _server(name: str, minutes: str) -> Program:
    """A program of the control plane, of the version that is asked for; kubectl stays as it is."""
    folder = f"kubernetes-{version}" if (version := os.environ.get(OTHER_KUBERNETES)) else "kubernetes"
    if not (GOBUILD / folder).is_dir():
        there = ", ".join(sorted(each.name.partition("-")[2] for each in GOBUILD.glob("kubernetes-*")))
        raise LabError(f"{OTHER_KUBERNETES}: there is no {version} in tests/lab/gobuild, but {there}")
    return replace(_kubernetes(name, minutes), folder=folder)


_ETCD = "go.etcd.io/etcd/server/v3"
_KWOK = "sigs.k8s.io/kwok"
_HELM = "helm.sh/helm/v3"

CONTROL_PLANE = (
    _server("kube-apiserver", "4-9 minutes"),
    _server("kube-controller-manager", "1 minute"),
    _server("kube-scheduler", "10 seconds"),
    _kubernetes("kubectl", "20 seconds", ask=("version", "--client"), skew=1),
    Program("kwok", "kwok", _KWOK, f"{_KWOK}/cmd/kwok", "1-2 minutes"),
    Program("etcd", "etcd", _ETCD, _ETCD, "1 minute", skew=1),
)
"""What `make up` needs, and nothing more; what takes longest to build comes first."""
HELM = Program("helm", "helm", _HELM, f"{_HELM}/cmd/helm", "3 minutes", ask=("version", "--short"), skew=9)
_HELM4 = "helm.sh/helm/v4"
HELM4 = Program("helm4", "helm4", _HELM4, f"{_HELM4}/cmd/helm", "3 minutes", ask=("version", "--short"), skew=9)
"""The chart is tried with both."""
_KREW = "sigs.k8s.io/krew"
KREW = Program("krew", "krew", _KREW, f"{_KREW}/cmd/krew", "30 seconds", ask=("version",), skew=9)
KREW_VALIDATION = Program(
    "validate-krew-manifest", "krew", _KREW, f"{_KREW}/cmd/validate-krew-manifest", "10 seconds", ask=("-version",)
)
"""What krew's index asks of a manifest that is to be taken in; it does not know its own version."""
_ACTIONLINT = "github.com/rhysd/actionlint"
ACTIONLINT = Program(
    "actionlint", "actionlint", _ACTIONLINT, f"{_ACTIONLINT}/cmd/actionlint", "20 seconds", ask=("-version",), skew=9
)
_PROMETHEUS = "github.com/prometheus/prometheus"
# Without the service discoveries of clouds, which testing alerts does not need.
PROMTOOL = Program(
    "promtool", "promtool", _PROMETHEUS, f"{_PROMETHEUS}/cmd/promtool", "5 minutes", tags="remove_all_sd"
)
KSTATUS = Program("kstatus", "kstatus", "sigs.k8s.io/cli-utils", ".", "30 seconds")
"""Not a program of somebody else, but a few lines around the library by which Flux and Helm wait."""
_KUBECONFORM = "github.com/yannh/kubeconform"
KUBECONFORM = Program(
    "kubeconform", "kubeconform", _KUBECONFORM, f"{_KUBECONFORM}/cmd/kubeconform", "10 seconds", ask=("-v",), skew=9
)
_DISTRIBUTION = "github.com/distribution/distribution/v3"
REGISTRY = Program("registry", "registry", _DISTRIBUTION, f"{_DISTRIBUTION}/cmd/registry", "2 minutes", skew=9)
"""The registry of the CNCF: `build` pushes to it, and `import` reads from it."""
_BUILDX = "github.com/docker/buildx"
BUILDX = Program("buildx", "buildx", _BUILDX, f"{_BUILDX}/cmd/buildx", "4 minutes", ask=("version",), skew=9)
"""Its bake reads the plan of `build`, and needs no engine for that."""
_BUILDKIT = "github.com/moby/buildkit"
BUILDKIT = Program("buildkitd", "buildkit", _BUILDKIT, f"{_BUILDKIT}/cmd/buildkitd", "3 minutes", skew=9)
"""What builds for buildx: it starts containers by itself, so it needs no engine, but root and runc."""
SBOM_SCANNER = Program("sbom-scanner", "sbom-scanner", "github.com/anchore/syft", ".", "4 minutes")
"""A few lines around the library of Docker's own scanner, of which only an image at Docker Hub is to be had."""
_SOURCE_CONTROLLER = "github.com/fluxcd/source-controller"
SOURCE_CONTROLLER = Program(
    "source-controller", "source-controller", _SOURCE_CONTROLLER, _SOURCE_CONTROLLER, "5 minutes"
)
_HELM_CONTROLLER = "github.com/fluxcd/helm-controller"
HELM_CONTROLLER = Program("helm-controller", "helm-controller", _HELM_CONTROLLER, _HELM_CONTROLLER, "5 minutes")
_KUSTOMIZE_CONTROLLER = "github.com/fluxcd/kustomize-controller"
KUSTOMIZE_CONTROLLER = Program(
    "kustomize-controller", "kustomize-controller", _KUSTOMIZE_CONTROLLER, _KUSTOMIZE_CONTROLLER, "2 minutes"
)
_KRO = "github.com/kubernetes-sigs/kro"
KRO = Program("kro", "kro", _KRO, f"{_KRO}/cmd/controller", "3 minutes")
"""Its controller, which `make bench` compares; it does not know its own version."""
FLUX = (SOURCE_CONTROLLER, HELM_CONTROLLER, KUSTOMIZE_CONTROLLER)
PIPELINES = (PROMTOOL, KSTATUS, KUBECONFORM, REGISTRY, BUILDX, BUILDKIT, SBOM_SCANNER, *FLUX)
"""What users of a stack have in their pipelines, and our files are proved with."""
_DOCKER = "github.com/docker/cli"
DOCKER = Program("docker", "docker", _DOCKER, f"{_DOCKER}/cmd/docker", "1-2 minutes", skew=9)
"""The client: it judges what is exported to Swarm, and needs no engine for that."""
PROGRAMS = {
    program.name: program
    for program in (*CONTROL_PLANE, HELM, HELM4, KREW, KREW_VALIDATION, ACTIONLINT, DOCKER, KRO, *PIPELINES)
}


@cache
def required(folder: str, module: str) -> str:
    """Return the version of a module that the go.mod of a wrapper module requires."""
    return _only(rf"^(?:require|\t)\s*{re.escape(module)} (v\S+)", GOBUILD / folder / "go.mod")


@cache
def go_needed(folder: str) -> GoVersion:
    """Return the version of Go that a wrapper module wants at least."""
    return go_version(_only(r"^go (\S+)", GOBUILD / folder / "go.mod"))


def go_version(text: str) -> GoVersion:
    """Return the first version number in a text, to the patch: a module may want no less; zeros where there is none."""
    match = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    return (int(match[1]), int(match[2]), int(match[3] or 0)) if match else (0, 0, 0)


def minor_version(text: str) -> tuple[int, int]:
    """Return major and minor version of the first version number in a text; (0, 0) where there is none."""
    match = re.search(r"(\d+)\.(\d+)", text)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def _only(pattern: str, path: Path) -> str:
    match = re.search(pattern, path.read_text(), re.MULTILINE)
    if match is None:
        raise LookupError(f"{path} has no line like {pattern}")
    return match[1]
