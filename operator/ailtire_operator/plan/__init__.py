"""From a stack's spec to the objects that should exist. Pure: no I/O, no clock, the same input gives the same bytes."""
