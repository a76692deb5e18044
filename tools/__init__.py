"""Tools of the checkout; not shipped."""
