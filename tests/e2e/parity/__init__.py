"""One tree on Kubernetes and, exported, in a Swarm: what its containers see there and there, side by side.

Both sides are observed by asking the containers that run. ``facts`` holds what was seen, ``expected`` which differences
are meant and why, ``table`` writes both into docs/swarm-parity.md.
"""
