"""Plans networks: their members, DNS zones and NetworkPolicies."""
