"""Hosts and certificates, each environment its own, by Ingress and by HTTPRoute alike."""

import ssl
from pathlib import Path
from typing import Any

import pytest

from e2e.applying import apply
from e2e.conftest import Lab
from e2e.routing import await_route, call
from e2e.tree import shop, up
from lab import commands

pytestmark = pytest.mark.usefixtures("operator")


def certificate(host: str, folder: Path) -> tuple[dict[str, Any], Path]:
    """A TLS Secret for a host, and the file by which a client trusts it."""
    key, signed = folder / f"{host}.key", folder / f"{host}.pem"
    made = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    named = ["-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host}"]
    commands.output(["openssl", *made, *named, "-keyout", key, "-out", signed])
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "shop-tls"},
        "type": "kubernetes.io/tls",
        "stringData": {"tls.crt": signed.read_text(), "tls.key": key.read_text()},
    }
    return secret, signed


def gateway(host: str) -> dict[str, Any]:
    """A Gateway with two listeners on the ingress controller's own ports; with HTTPRoute, certificates are its own."""
    everyone = {"namespaces": {"from": "Same"}}
    tls = {"mode": "Terminate", "certificateRefs": [{"name": "shop-tls"}]}
    web = {"name": "web", "port": 8000, "protocol": "HTTP", "allowedRoutes": everyone}
    secure = {"name": "secure", "port": 8443, "protocol": "HTTPS", "hostname": host, "tls": tls}
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": {"name": "edge"},
        "spec": {"gatewayClassName": "traefik", "listeners": [web, {**secure, "allowedRoutes": everyone}]},
    }


@pytest.mark.parametrize("kind", ["Ingress", "HTTPRoute"])
def test_an_environment_has_its_own_host_and_certificate(lab: Lab, namespace: str, tmp_path: Path, kind: str) -> None:
    host, other = f"qa.{namespace}.example", f"prod.{namespace}.example"
    secret, authority = certificate(host, tmp_path)
    tree = shop(lab.images.probe, lab.images.probe_musl, host)
    where = {"className": "traefik"} if kind == "Ingress" else {"kind": kind, "parentRef": {"name": "edge"}}
    tree["spec"]["environment"] = "qa"
    tree["spec"]["edge"] = {"hosts": [host], "tls": {"secretName": "shop-tls"}, **where}
    apply(namespace, secret, *([gateway(host)] if kind == "HTTPRoute" else []))
    up(namespace, tree)
    await_route(lab.ingress_tls, host, "/cpl/dm/web/x", authority=authority)
    for path, stack in (("/web/a?b=c", "shop"), ("/cpl/web/a?b=c", "shop-cpl"), ("/cpl/dm/web/a?b=c", "shop-cpl-dm")):
        status, answer = call(lab.ingress_tls, host, path, authority=authority)
        assert (status, answer["stack"], answer["path"], answer["query"]) == (200, stack, "/a", "b=c")
        assert answer["headers"]["X-Forwarded-Proto"] == ["https"]
    assert call(lab.ingress, other, "/web/a")[0] == 404, "another environment's host"
    with pytest.raises(ssl.SSLCertVerificationError):
        call(lab.ingress_tls, other, "/web/a", authority=authority)
