"""Commands `status` and `config`: health of the daemon, settings of this command line."""

from __future__ import annotations

import os

from movierec import __version__
from movierec.cli.connection import DEFAULT_SERVER, connect, credential_file, server_url
from movierec.cli.options import AsJson, new_group
from movierec.cli.output import flatten, print_record
from movierec.paths import Paths

commands = new_group("")


@commands.command()
def status(as_json: AsJson = False) -> None:
    """Show the health of the daemon. In a pipe: one line per field: name, tab, value."""
    health = connect().health()
    fields = {"server": server_url(), **health, "signed_in_as": credential_file().username}
    print_record(flatten(fields), fields, as_json=as_json)


@commands.command()
def config(as_json: AsJson = False) -> None:
    """Show the daemon and files in use and where they are set. In a pipe: one line per field: name, tab, value."""
    store = credential_file()
    from_environment = bool(os.environ.get("MOVIEREC_SERVER"))
    token = "MOVIEREC_TOKEN" if os.environ.get("MOVIEREC_TOKEN") else "stored" if store.load() else "none"
    fields = {
        "server": server_url(),
        "server_from": "MOVIEREC_SERVER" if from_environment else f"default ({DEFAULT_SERVER})",
        "token": token,
        "signed_in_as": store.username,
        "credentials": str(store.path),
        "home": os.environ.get("MOVIEREC_HOME", ""),
        "state": str(Paths.from_environment().state),
        "version": __version__,
    }
    print_record(flatten(fields), fields, as_json=as_json)
