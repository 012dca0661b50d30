"""Whether ``validate`` and the API server are of one mind about definitions, most of which are wrong."""
