"""Feed discovery: which feeds a site has, and how a source does now; nothing is stored."""
