"""A service as pods: its workload, what its containers are given, and how a change replaces them."""
