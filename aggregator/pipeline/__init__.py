"""The poll of one source, from its address to its row, and what stands around it."""
