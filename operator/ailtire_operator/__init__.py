"""Runs hierarchical Ailtire applications on Kubernetes: one AiltireStack resource, one tree of services."""

__version__ = "0.1.0"
