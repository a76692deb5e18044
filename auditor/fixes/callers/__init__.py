"""What builds an image: scripts, Makefiles, compose, CI and bake files. They change together with the Dockerfile."""
