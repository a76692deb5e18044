"""A client of registries (OCI distribution-spec): connections, sign-in, redirects, retries and broken streams."""
