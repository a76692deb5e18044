"""Values that must be absent: how they are given, and where documents hold them."""
