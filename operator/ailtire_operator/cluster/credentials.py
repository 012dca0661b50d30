"""Where the API server is and who we are: a kubeconfig file, or the service account of the pod.

A file that is more than plain (see kubeconfig) is left to the Kubernetes client, which knows every kind of user (exec,
OIDC) and is imported only then.
"""

import os
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ailtire_operator.cluster import kubeconfig as plain
from ailtire_operator.cluster import service_account
from ailtire_operator.cluster.errors import ClusterError, Unavailable

_DEFAULT_NAMESPACE: Final = "default"


@dataclass(frozen=True, slots=True)
class Credentials:
    """All that a request needs to reach the API server and be let in."""

    host: str
    namespace: str
    tls: ssl.SSLContext | None
    """None where the server speaks plain HTTP (a test's proxy, ``kubectl proxy``)."""
    server_name: str | None
    proxy: str | None
    token: Callable[[], Awaitable[str | None]]
    """The Authorization header; a service account's token is read anew every minute, as the kubelet replaces it."""


async def load(kubeconfig: str | None = None, context: str | None = None) -> Credentials:
    """Find and read the configuration: the given file, ``$KUBECONFIG``, the pod's service account, the user's file."""
    if _in_pod(kubeconfig, context):
        return _of_pod(service_account.read())
    if (found := plain_login(kubeconfig, context)) is not None:
        return _plain(found)
    return await _by_client(kubeconfig, context)


def plain_login(kubeconfig: str | None, context: str | None) -> plain.Plain | None:
    """The same without the Kubernetes client, where that will do."""
    return None if _in_pod(kubeconfig, context) else plain.read(_files(kubeconfig), context)


def _in_pod(kubeconfig: str | None, context: str | None) -> bool:
    named = kubeconfig or context or "KUBECONFIG" in os.environ
    return not named and bool(os.environ.get(service_account.HOST))


def _plain(found: plain.Plain) -> Credentials:
    async def token() -> str | None:
        return found.token

    return Credentials(found.host, found.namespace, found.tls, found.server_name, proxy=None, token=token)


def _of_pod(found: service_account.ServiceAccount) -> Credentials:
    return Credentials(found.host, found.namespace, found.tls, server_name=None, proxy=None, token=found.token.header)


async def _by_client(kubeconfig: str | None, context: str | None) -> Credentials:
    from kubernetes.aio.client import Configuration

    # Not ``Configuration()``: this client keeps a process-wide default copy, which nobody here wants to share.
    configuration: Configuration = type.__call__(Configuration)
    try:
        namespace = await _load_file(kubeconfig, context, configuration)
        return Credentials(
            host=configuration.host.rstrip("/"),
            namespace=namespace,
            tls=_tls(configuration) if configuration.host.startswith("https") else None,
            server_name=configuration.tls_server_name,
            proxy=configuration.proxy,
            token=_token(configuration),
        )
    except Exception as error:
        # What the client makes of a file that is no kubeconfig is anything from a YAMLError to an AttributeError.
        raise ClusterError(f"no usable configuration for the cluster: {error}") from error


def _files(kubeconfig: str | None) -> str:
    return kubeconfig or os.environ.get("KUBECONFIG") or str(Path.home() / ".kube" / "config")


async def _load_file(kubeconfig: str | None, context: str | None, configuration: Any) -> str:
    from kubernetes.aio.config import ConfigException, load_kube_config

    paths = _files(kubeconfig)
    if not any(Path(path).expanduser().exists() for path in paths.split(os.pathsep)):
        raise ConfigException(f"there is no file {paths}")
    # Never write the user's file: with persist_config the client saves it back, refreshed tokens and all.
    loader = await load_kube_config(  # type: ignore[no-untyped-call]
        config_file=paths, context=context, client_configuration=configuration, persist_config=False
    )
    return str(loader.current_context["context"].get("namespace") or _DEFAULT_NAMESPACE)


def _token(configuration: Any) -> Callable[[], Awaitable[str | None]]:
    from kubernetes.aio.config import ConfigException

    async def token() -> str | None:
        try:
            value: str | None = await configuration.get_api_key_with_prefix("BearerToken")
        except (ConfigException, OSError) as error:
            raise Unavailable(f"the operator's token cannot be read: {error}") from error
        return value

    return token


def _tls(configuration: Any) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=configuration.ssl_ca_cert, cadata=configuration.ca_cert_data)
    if configuration.cert_file:
        context.load_cert_chain(configuration.cert_file, keyfile=configuration.key_file)
    if not configuration.verify_ssl:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
