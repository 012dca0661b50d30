"""The benchmark: one tree, applied by this operator, by kubectl and by helm, in turn on the same control plane."""
