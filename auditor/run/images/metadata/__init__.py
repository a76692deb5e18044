"""Secrets in the metadata of an image: configuration, history, annotations, attestations, caches."""
