"""Follows secrets through a build: declaration, use, command, file, layer, later removal, next stage."""
