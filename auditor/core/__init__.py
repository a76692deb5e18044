"""The nouns of the product: spans, secrets, findings, rules. Standard library only; knows nothing of Dockerfiles."""
