"""Lossless Dockerfile reader with BuildKit's semantics. Knows no rule and no secret."""
