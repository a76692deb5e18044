"""Regular expressions in Go's syntax (RE2), searched for in time that grows with the text and no faster."""
