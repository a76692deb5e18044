"""Reads JSON reports of version 1 back, strictly, and merges those of several runs."""
