"""What operator-chaos has to know of this operator, and experiments with it: written here, judged by that program."""
