"""`audit image`: what a built image keeps, layer by layer, and which instruction put it there."""
