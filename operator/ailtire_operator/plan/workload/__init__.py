"""Plans a plain service: its workload, pod template, Services, and update strategy."""
