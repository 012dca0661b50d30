-- Stops what the tree runs; Services, volumes and claims stay, and gateways answer 503.
obj.spec.stopped = true
return obj
