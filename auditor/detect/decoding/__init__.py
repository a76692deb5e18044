"""Ways to write text so that a plain search does not see it, each read back with the place of every character."""
