"""``python -m graphrep`` is the command ``graphrep``."""

from graphrep.cli import main

if __name__ == "__main__":
    main()
