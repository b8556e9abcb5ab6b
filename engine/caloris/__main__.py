"""`python -m caloris` is the command `caloris`."""

from caloris.cli import main

if __name__ == "__main__":
    main()
