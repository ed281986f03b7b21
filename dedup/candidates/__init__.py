"""Keys under which articles that may match meet, and the pairs that do."""
