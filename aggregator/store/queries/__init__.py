"""The queries of the store, in SQL that every store reads."""
