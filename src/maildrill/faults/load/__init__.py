"""Too much of something, and attacks."""
