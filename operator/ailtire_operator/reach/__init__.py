"""Who reaches whom, on which ports, by which names and why: NetworkPolicies evaluated, and zones looked up. Pure.

It reads objects as they are, from a cluster or from a plan, and knows nothing of how the plan makes them.
"""
