"""The unit tests of the portal."""
