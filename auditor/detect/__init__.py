"""Judges text: which names announce a secret, which values are one, which files hold them."""
