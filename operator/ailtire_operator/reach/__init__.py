"""Evaluates NetworkPolicies and DNS zones: which workloads reach which, on which ports, by which names. Pure.

It reads objects of a cluster or of a plan, and does not depend on the planner.
"""
