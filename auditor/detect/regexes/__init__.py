"""Questions about regular expressions that are data: how slow they can be, and what they match."""
