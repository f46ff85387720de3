"""Saved searches: who is sent what they find, and when. Decides; sends nothing itself."""
