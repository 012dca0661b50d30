"""From the write of a ConfigMap until the gateways of a tree serve it, on real kubelets."""
