"""The command line `movierec`: speaks only HTTP, through `movierec.client`."""
