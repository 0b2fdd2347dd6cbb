"""`python -m genatator_assets.cli`."""

from genatator_assets.cli import main

if __name__ == "__main__":
    main()
