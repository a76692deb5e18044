"""Takes secrets out of the environments of a compose file: what starts a service, what to change, and the edits."""
