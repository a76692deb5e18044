"""The search of layers: one after the other, each by itself, and what is kept of that."""
