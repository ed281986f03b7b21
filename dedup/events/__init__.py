"""Articles become events and storylines."""
