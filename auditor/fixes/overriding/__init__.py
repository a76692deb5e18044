"""Overrides and commands that give secrets to a container of an image that stays as it is."""
