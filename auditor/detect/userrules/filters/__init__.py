"""betterleaks' filter expressions: a small part of the languages Expr and CEL, evaluated without side effects."""
