"""The command ``eosdash``, also as ``python -m eosdash``."""

from eosdash.command import main

if __name__ == "__main__":  # not in the processes that compute, which read this file as well
    main()
