"""What can go wrong with a registry."""


class RegistryError(Exception):
    """A registry, or what it answers, cannot be used; the message has the reference and needs no traceback."""
