"""The cluster as the operator sees it: the only package that talks to a Kubernetes API server.

Everything here works on plain dictionaries: typed models of Kubernetes objects cost ten times the time and memory (a
Deployment parsed into the client's models: 119 us and 44 KiB; by orjson: 10 us and 20 KiB, of which 0.5 KiB is kept).
"""
