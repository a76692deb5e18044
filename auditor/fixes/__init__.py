"""Planners: from the facts of a build to the changes that take its secrets out. They write nothing."""
