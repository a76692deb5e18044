"""Secrets that scripts, Makefiles and CI files hand to container tools, and how they leave the file."""
