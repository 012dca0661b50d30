"""Faults between the operator and the API server, one after another, and what they must leave behind."""
