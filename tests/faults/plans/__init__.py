"""The plans: which fault meets which request, watch, object, replica or server, and when."""
