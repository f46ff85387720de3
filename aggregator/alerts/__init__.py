"""Saved searches: when somebody is told of what they find, and what of it is owed. Decides; sends nothing itself."""
