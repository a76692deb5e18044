"""One file of `audit scan`: its contents searched, places measured, lines quoted, comments obeyed."""
