"""Stacks for Hypothesis, and what its laws share."""
