"""Pi: one person, every model."""
