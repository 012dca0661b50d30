"""Definitions in a registry for container images, by the distribution specification of the OCI."""
