"""A news wire of many publishers: from a publisher's feed to an attributed row."""

__version__ = "0.10.1"
