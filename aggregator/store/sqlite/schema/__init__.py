"""The tables: one file a migration, and `migrations`, which has them in their order."""
