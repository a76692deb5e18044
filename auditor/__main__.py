"""`python -m auditor` is `audit`."""

from auditor.cli.main import entry

if __name__ == "__main__":
    entry()
