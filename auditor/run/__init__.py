"""Collects inputs, runs the checks, applies suppressions."""
