"""What a release is made of, and the chart for Helm: programs that are run by the Makefile."""
