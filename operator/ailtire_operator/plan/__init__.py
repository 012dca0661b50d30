"""Plans the objects of one stack from its spec. Pure: no I/O, no clock, the same input gives the same bytes."""
