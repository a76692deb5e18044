"""`audit fix --wrapper NAME`: what the container needs comes from a secret manager when it starts."""
