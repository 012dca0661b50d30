"""Random sequences of edits on a real API server, and what has to hold after each of them."""
