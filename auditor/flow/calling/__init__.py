"""Commands that build, start and sign in, in the files around a Dockerfile: where they are, what they are given."""
