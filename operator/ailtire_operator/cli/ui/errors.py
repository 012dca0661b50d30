"""What went wrong, as the page reads it: ``{"error": sentence, "hint": sentence}``, and a status that says the kind."""

from typing import Any

from aiohttp import web

from ailtire_operator.cli.failures import Exit, Failure, Invalid, Missing
from ailtire_operator.cli.ui.encoding import encode
from ailtire_operator.cli.ui.gate import Refused
from ailtire_operator.cluster import errors as cluster
from ailtire_operator.cluster.connection_errors import explain


def kubectl_sentence(error: cluster.Denied) -> str:
    """What kubectl prints where the API server refuses."""
    if error.status == 401:
        return "error: You must be logged in to the server (Unauthorized)"
    return f"Error from server (Forbidden): {error.reason}"


def described(error: Exception) -> tuple[int, dict[str, Any]]:
    """Status and body. An error that nobody expects keeps its words to itself: they may be anything."""
    match error:
        case Refused():
            return error.status, _body(error, error.hint)
        case Missing():
            return 404, _body(error, error.hint)
        case Invalid():
            return 400, _body(error, error.hint) | {"lines": list(error.lines)}
        case Failure():
            return 409 if error.code is Exit.NO else 400, _body(error, error.hint)
        case web.HTTPException():
            return error.status, _body(error.reason, "")
        case cluster.ClusterError():
            return _of_cluster(error)
    return 500, _body(f"internal error: {type(error).__name__}", "This is a fault of this program.")


def _of_cluster(error: cluster.ClusterError) -> tuple[int, dict[str, Any]]:
    match error:
        case cluster.Denied():
            hint = "Ask for the right; 'kubectl auth whoami' says who you are."
            return 403, _body(kubectl_sentence(error), hint) | {"denied": True}
        case cluster.NotFound():
            return 404, _body(error, "")
        case cluster.Conflict():
            return 409, _body(error, "")
        case cluster.Invalid():
            return 400, _body(error, "")
        case cluster.Unavailable():
            return 503, _body(explain(error), "")
    return 503, _body(error, "")


def _body(message: object, hint: str) -> dict[str, Any]:
    return {"error": str(message), "hint": hint}


def answer(error: Exception) -> web.Response:
    """The answer for the page."""
    status, body = described(error)
    return web.Response(status=status, body=encode(body), content_type="application/json")
