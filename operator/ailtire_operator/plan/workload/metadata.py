"""What a person says of an object in labels: Docker takes any text as a label's value, Kubernetes does not."""

import re
from collections.abc import Mapping

_VALUE = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9])?")


def user_metadata(wanted: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """The labels, and those whose values are none as annotations."""
    labels = {name: value for name, value in wanted.items() if _VALUE.fullmatch(value)}
    return labels, {name: value for name, value in wanted.items() if name not in labels}
