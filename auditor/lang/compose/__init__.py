"""Reads YAML with the place of every node: compose files, CI files. The one home of PyYAML."""
