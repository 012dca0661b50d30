"""The command lines of a control plane's programs. Pure: nothing is started here."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.paths import HERE

SERVICE_CIDR = "10.0.0.0/12"
DNS_ADDRESS = "10.0.0.10"
"""Where a cluster's DNS server would be; fake nodes run none."""
NODE_POD_CIDR = "10.{}.0.0/16"
FIRST_NODE_NET = 64
"""The nodes' pod networks begin behind the services'."""
MAX_NODES = 255 - FIRST_NODE_NET
_ISSUER = "https://kubernetes.default.svc"
_AUDIT_MEGABYTES = 2000
_CLIENT_RATE = ("--kube-api-qps=1000", "--kube-api-burst=2000")


@dataclass(frozen=True)
class Layout:
    """The files of one control plane."""

    home: Path

    @property
    def audit_log(self) -> Path:
        """What the API server was asked for, one JSON object a line."""
        return self.home / "audit.log"

    @property
    def ca(self) -> Path:
        """The certificate by which clients know the API server; it makes that itself."""
        return self.home / "certs" / "apiserver.crt"

    @property
    def service_account_key(self) -> Path:
        """The key that signs the service accounts' tokens."""
        return self.home / "service-accounts.key"

    @property
    def tokens(self) -> Path:
        """Who may come in with which token."""
        return self.home / "tokens.csv"

    @property
    def state(self) -> Path:
        """What runs, for later sessions."""
        return self.home / "state.json"

    def log(self, name: str) -> Path:
        """Return the log file of one process."""
        return self.home / "logs" / f"{name}.log"

    def kubeconfig(self, user: str) -> Path:
        """Return the kubeconfig of one user."""
        return self.home / ("kubeconfig" if user == "admin" else f"{user}.kubeconfig")


def etcd(layout: Layout, client: int, peer: int, extra: Sequence[str] = ()) -> list[str]:
    """Return the arguments of etcd: durability is not wanted here, speed is."""
    client_url, peer_url = f"http://127.0.0.1:{client}", f"http://127.0.0.1:{peer}"
    return [
        f"--data-dir={layout.home / 'etcd'}",
        "--unsafe-no-fsync",
        f"--listen-client-urls={client_url}",
        f"--advertise-client-urls={client_url}",
        f"--listen-peer-urls={peer_url}",
        f"--initial-advertise-peer-urls={peer_url}",
        f"--initial-cluster=default={peer_url}",
        "--quota-backend-bytes=8589934592",
        "--log-level=warn",
        *extra,
    ]


def apiserver(layout: Layout, etcd_port: int, port: int, feature_gates: str, extra: Sequence[str]) -> list[str]:
    """Return the arguments of the API server: real RBAC and admission, an audit log of everything."""
    return [
        f"--etcd-servers=http://127.0.0.1:{etcd_port}",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        "--endpoint-reconciler-type=none",  # nobody calls it through the Service `kubernetes`: pods are fake
        f"--secure-port={port}",
        f"--cert-dir={layout.home / 'certs'}",
        f"--token-auth-file={layout.tokens}",
        "--authorization-mode=RBAC",
        "--allow-privileged=true",  # as kubeadm has it
        f"--service-cluster-ip-range={SERVICE_CIDR}",
        f"--service-account-issuer={_ISSUER}",
        f"--service-account-key-file={layout.service_account_key}",
        f"--service-account-signing-key-file={layout.service_account_key}",
        f"--audit-policy-file={HERE / 'audit-policy.yaml'}",
        f"--audit-log-path={layout.audit_log}",
        f"--audit-log-maxsize={_AUDIT_MEGABYTES}",
        "--audit-log-maxbackup=1",
        "--profiling=false",
        *([f"--feature-gates={feature_gates}"] if feature_gates else []),
        *extra,
    ]


def controller_manager(layout: Layout) -> list[str]:
    """Return the arguments of the controller manager: as many hands as a large cluster's."""
    hands = ("deployment", "replicaset", "statefulset", "service-endpoint", "namespace", "job", "cron-job")
    return [
        f"--kubeconfig={layout.kubeconfig('controller-manager')}",
        "--leader-elect=false",
        "--secure-port=0",
        f"--root-ca-file={layout.ca}",
        f"--service-account-private-key-file={layout.service_account_key}",
        "--concurrent-gc-syncs=40",
        *(f"--concurrent-{hand}-syncs=20" for hand in hands),
        *_CLIENT_RATE,
    ]


def scheduler(layout: Layout) -> list[str]:
    """Return the arguments of the scheduler."""
    return [
        f"--kubeconfig={layout.kubeconfig('scheduler')}",
        "--leader-elect=false",
        "--secure-port=0",
        *_CLIENT_RATE,
    ]


def kwok(layout: Layout) -> list[str]:
    """Return the arguments of kwok, which plays every node's kubelet by the stages in kwok/."""
    stages = sorted((HERE / "kwok").glob("*.yaml"))
    return [
        f"--kubeconfig={layout.kubeconfig('kwok')}",
        "--manage-all-nodes",
        "--node-lease-duration-seconds=40",
        "--node-ip=127.0.0.1",
        *(f"--config={stage}" for stage in stages),
    ]
