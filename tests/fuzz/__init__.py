"""Damaged definitions for both readers of ``import``: whatever stands in a file, it is read or refused in one line."""
