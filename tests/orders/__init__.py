"""A small tree under many orders of events and answers, in one process: simulated API server, real operator."""
