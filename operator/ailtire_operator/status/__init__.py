"""From what was planned and what is seen to what a person reads: pure, the clock is an argument."""
