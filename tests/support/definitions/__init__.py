"""Stacks and applications for tests, written down."""
