"""The command line `movierec`. It speaks only HTTP, through `movierec.client`."""
