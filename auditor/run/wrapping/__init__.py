"""What `audit wrap` reads: an image's configuration and files, and the compose file that starts it."""
