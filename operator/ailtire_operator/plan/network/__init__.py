"""Who belongs to which network, and the zones and policies that follow from it."""
