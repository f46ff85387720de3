"""The configuration: TOML files that people write, checked, as the Wire and its Publishers."""
