"""YAML text as plain data, for texts that were made here: to see that they read back as what was meant."""

from __future__ import annotations


def loaded(text: str) -> object:
    """The value of the one document of a text. Raises ValueError for what is no YAML."""
    import yaml  # start-up: only where YAML is written

    try:
        value: object = yaml.safe_load(text)
    except yaml.YAMLError:
        raise ValueError("no valid YAML") from None
    return value
