"""The store in SQLite: its schema and its queries."""
