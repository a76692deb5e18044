"""Which files packages brought along, and whether they still are as these brought them (issue 3, attribution)."""
