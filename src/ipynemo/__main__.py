"""`python -m ipynemo`: the same as the command `ipynemo`."""

from ipynemo.cli import main

if __name__ == "__main__":
    main()
