"""`python -m engine.cli`."""

from engine.cli.app import script

if __name__ == "__main__":
    script()
