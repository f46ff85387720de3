"""What is decided about a report by a person or a rule."""
