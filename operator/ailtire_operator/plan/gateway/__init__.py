"""Plans a stack's gateway: its routes, its nginx configuration, and the Ingress or HTTPRoute in front of it."""
