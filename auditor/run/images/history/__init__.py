"""The history of an image: what its entries record, which layers they made, which lines of a Dockerfile they were."""
