"""``set image``: the image of a service, changed where that is written. Pure."""

import re
from collections.abc import Sequence
from typing import Final

from ailtire_operator import naming
from ailtire_operator.cli.definition_edits import Edit, Plan
from ailtire_operator.cli.definition_places import Level, Place, locate
from ailtire_operator.cli.definition_writes import Steps
from ailtire_operator.cli.failures import Failure
from ailtire_operator.cli.trees import Resource
from ailtire_operator.model.images import override_of
from ailtire_operator.status.text import listed

_WISH: Final = re.compile(r"(?P<path>[^=]+)=(?P<image>\S+)")


def plan_images(wishes: Sequence[str], stacks: Sequence[Resource]) -> Plan:
    """What to change for ``shop/web=web:1.5``. Raises Failure or Missing for what cannot be."""
    found: dict[tuple[str, Steps], Edit] = {}
    for text in wishes:
        wish = _WISH.fullmatch(text)
        if wish is None:
            raise Failure(f"'{text}' is no path and image", "Write STACK/SERVICE=IMAGE, for example shop/web=web:1.5.")
        edit = _edit(locate(wish["path"], stacks), wish["image"])
        other = found.setdefault((edit.owner, edit.spot.steps), edit)
        if other.after != edit.after:
            raise Failure(f"{other.path} and {edit.path} stand in one place, so they cannot both be set")
    same = (each for each in found.values() if each.before == each.after)
    already = [f"{naming.SINGULAR}/{each.owner}: {each.path} has {each.after} already" for each in same]
    return Plan(list(found.values()), already)


def _edit(place: Place, image: str) -> Edit:
    if not place.key:
        inside = listed(sorted(place.stack.services), 12) or "there is none"
        raise Failure(f"{place.path} is a stack, which has no image", f"Name a service in it: {inside}.")
    _check_overrides(place, image)
    return Edit(place.path, place.entry, ("image",), place.entry.value.get("image"), image, place.stack.live, place.key)


def _check_overrides(place: Place, image: str) -> None:
    """Raise Failure where a map of images takes the place of what would be written."""
    overrides = {key: level for level in reversed(place.levels) for key in _images(level)}  # the outermost is the last
    key = override_of(image, dict.fromkeys(overrides, ""))
    if key is None:
        return
    level = overrides[key]
    where = level.written()
    chosen = level.spec["images"][key]
    raise Failure(
        f"{image} for {place.path} would have no effect: spec.images of {level.path} says {chosen} for '{key}'",
        f"Change it there: {'.'.join(where.steps)}.images['{key}'] of the {naming.KIND} {where.owner}.",
    )


def _images(level: Level) -> dict[str, str]:
    found = level.spec.get("images")
    return found if isinstance(found, dict) else {}
