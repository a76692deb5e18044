"""What is made from the parsers of all commands: shell completions and the manual page."""
