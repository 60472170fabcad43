"""The REST daemon: endpoints over the core, and everything that is HTTP."""
