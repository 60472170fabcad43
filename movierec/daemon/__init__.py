"""Running and operating the daemon: the `movierec-server` command."""
