"""A stack as it is written, as the operator renders it, and as the cluster has it."""

from aiohttp import web

from ailtire_operator import naming
from ailtire_operator.cli.definition_texts import difference, live_text, rendered_text, without_secrets, written_text
from ailtire_operator.cli.live import Live
from ailtire_operator.cli.preview import Previewer
from ailtire_operator.cli.ui.answers import answer, document, stack_of
from ailtire_operator.cluster.errors import Denied
from ailtire_operator.cluster.kinds import CONTROLLER_REVISION, ENDPOINT_SLICE, POD
from ailtire_operator.model.loading import parse_stack
from ailtire_operator.model.problems import InvalidStack

_UNSHOWN = frozenset({POD.kind, CONTROLLER_REVISION.kind, ENDPOINT_SLICE.kind})
"""What follows from the rest: pods, definitions that are kept, and addresses, which change all the time."""


async def definition(live: Live, request: web.Request) -> web.StreamResponse:
    """``written``, ``rendered``, ``live``, the ``difference`` of the last two, and ``notes``: what cannot be had."""
    stack = await live.stack(stack_of(request))
    texts = {"written": document(written_text(stack)), "rendered": "", "live": "", "difference": ""}
    notes = []
    try:
        texts |= await _compared(live, stack)
    except Denied as error:
        notes.append(f"what the operator makes of it is not shown, as not all that it reads may be listed: {error}")
    except InvalidStack as error:
        notes += [f"the operator makes nothing of it: {each}" for each in error.problems]
    return answer({**texts, "notes": notes})


async def _compared(live: Live, resource: dict[str, object]) -> dict[str, str]:
    previewer = Previewer(live, naming.CLI_MANAGER)
    await previewer.load(asking=False)
    stack = parse_stack(resource)
    planned = await previewer.planned(stack)
    manifests = {ref: each for ref, each in planned.manifests.items() if ref.kind not in _UNSHOWN}
    objects = {
        ref: each
        for ref, each in without_secrets(previewer.present(stack, planned)).items()
        if ref.kind not in _UNSHOWN
    }
    return {
        "rendered": document(rendered_text(manifests)),
        "live": document(live_text(objects)),
        "difference": document("\n".join(difference(manifests, objects))),
    }
