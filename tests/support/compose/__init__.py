"""Import and export in tests, and the cases of the key table."""
