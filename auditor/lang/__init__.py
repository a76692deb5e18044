"""Lossless readers: text in, nodes with source spans out. No policy lives here."""
