"""`audit fix --prove`: both builds carried out on an engine, and their images compared."""
