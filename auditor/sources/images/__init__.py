"""Built images from wherever they are kept: archives, OCI layouts, registries, engines, plain directories."""
