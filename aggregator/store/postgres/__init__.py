"""PostgreSQL as a store: the same tables and views, by the same queries."""
