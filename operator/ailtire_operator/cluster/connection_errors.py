"""Why nobody answers, in the words that kubectl has for it: who works with both reads one language."""

import socket
import ssl

import aiohttp

from ailtire_operator.cluster.errors import Unavailable


def explain(error: Unavailable) -> str:
    """The sentence for a connection that did not come about; the error's own for all else."""
    cause = error.__cause__
    if isinstance(cause, aiohttp.ClientConnectorCertificateError):
        return f"Unable to connect to the server: tls: failed to verify certificate: {_certificate(cause)}"
    if isinstance(cause, aiohttp.ClientConnectorError):
        return _unconnected(cause)
    if isinstance(cause, TimeoutError):
        return "Unable to connect to the server: net/http: request canceled (it did not answer in time)"
    return str(error)


def _unconnected(cause: aiohttp.ClientConnectorError) -> str:
    if isinstance(cause.os_error, ConnectionRefusedError) or "Connect call failed" in str(cause.os_error):
        server = f"{cause.host}:{cause.port}"
        return f"The connection to the server {server} was refused - did you specify the right host or port?"
    if isinstance(cause.os_error, socket.gaierror):
        return f"Unable to connect to the server: dial tcp: lookup {cause.host}: no such host"
    said = cause.os_error.strerror or str(cause.os_error)
    return f"Unable to connect to the server: dial tcp {cause.host}:{cause.port}: {said}"


def _certificate(cause: aiohttp.ClientConnectorCertificateError) -> str:
    error = cause.certificate_error
    return error.verify_message if isinstance(error, ssl.SSLCertVerificationError) else str(error)
