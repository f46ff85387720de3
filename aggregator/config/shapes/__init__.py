"""The shapes of the config files, one file a kind of file; this room alone knows pydantic's models and errors."""
