"""What people read in a browser: pages over released reports, in the language and the zone of whoever reads them."""
