"""REST API of the daemon: endpoints over the domain packages, and everything that is HTTP."""
