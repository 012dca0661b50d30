"""One proxy for a whole tree: what nginx, HAProxy and Envoy cost, and what a change of one stack's routes does."""
