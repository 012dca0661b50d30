"""Hostile definitions for everything that reads one: whatever it holds, it is read or refused in one line, and soon."""
