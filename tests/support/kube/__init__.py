"""Objects and trees on a real API server, and what their policies allow."""
