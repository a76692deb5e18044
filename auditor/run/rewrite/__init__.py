"""Carries plans out: applies them to a fixpoint, proves the result, writes it."""
