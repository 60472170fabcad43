"""Run the daemon from a checkout: `python server.py serve`. Installed, it is `movierec-server`."""

from movierec.daemon.app import main

if __name__ == "__main__":
    main()
