"""Results for people: a page, a terminal, JUnit."""
