"""Names for the entries of what is compared."""

from collections.abc import Iterable


def unused(name: str, taken: Iterable[str]) -> str:
    """The name, or one made of it that is not taken: two objects may differ by a digest that is left out of both."""
    return name if name not in taken else unused(f"{name} and another", taken)
