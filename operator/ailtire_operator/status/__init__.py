"""Computes a stack's status from its plan and the observed objects. Pure: the clock is an argument."""
