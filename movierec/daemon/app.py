"""Commands of `movierec-server`, for operators. Users have `movierec`, which speaks only HTTP."""

from __future__ import annotations

import dataclasses
import getpass
import os
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from movierec import __version__, auth, config, db, mail
from movierec.config import Settings
from movierec.daemon import logs, quality
from movierec.daemon.audit import print_audit_log
from movierec.daemon.backup import back_up
from movierec.daemon.outbox import AsJson, print_mail, print_outbox
from movierec.daemon.restore import restore as restore_backup
from movierec.errors import ConfigurationError, MovierecError

EXIT_CONFIGURATION = 78  # EX_CONFIG: only a change of the configuration helps

app = typer.Typer(
    help="Run and operate the movierec daemon.",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

ConfigFile = Annotated[Path | None, typer.Option("--config", help="Path of the configuration file.")]


def main() -> None:
    """Run the command. An expected failure prints one line and sets the exit code."""
    os.umask(0o077)
    if sys.argv[1:] == ["--version"]:
        print(f"movierec-server {__version__}")
        return
    try:
        app()
    except ConfigurationError as error:
        _exit_with_error(error, EXIT_CONFIGURATION)
    except MovierecError as error:
        _exit_with_error(error, 1)


def _exit_with_error(error: MovierecError, code: int) -> None:
    print(f"movierec-server: {error.detail}", file=sys.stderr)
    for item in error.errors:
        print(f"  {item.field}: {item.message}", file=sys.stderr)
    sys.exit(code)


def _settings(path: Path | None, **server: Any) -> Settings:
    settings = config.load(path)
    values = {key: value for key, value in server.items() if value is not None}
    settings = dataclasses.replace(settings, server=dataclasses.replace(settings.server, **values))
    config.check(settings)
    logs.configure_logging(settings.log.level)
    return settings


@app.callback(invoke_without_command=True)
def default(context: typer.Context) -> None:
    """Run `serve` if no command is given."""
    if context.invoked_subcommand is None:
        context.invoke(serve)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port to listen on; 0 selects a free one.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Number of worker processes (PostgreSQL only).")
    ] = None,
    config_file: ConfigFile = None,
) -> None:
    """Run the daemon until it is stopped. Migrates the database and seeds an empty catalogue first."""
    # Requests are many and small, so threads of OpenBLAS would only compete. Read when numpy is imported.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from movierec.daemon.serve import serve as run  # aiohttp and numpy, which no other command needs

    raise typer.Exit(run(_settings(config_file, host=host, port=port, workers=workers)))


@app.command()
def migrate(config_file: ConfigFile = None) -> None:
    """Migrate the database to the schema of this version."""
    db.connect(_settings(config_file))
    applied = db.run_with_retry(db.migrate)
    print("\n".join(f"applied {name}" for name in applied) or "nothing to migrate")


@app.command()
def create_admin(
    username: Annotated[str, typer.Option(prompt=True, help="User name. Prompted for if missing.")],
    email: Annotated[str, typer.Option(prompt=True, help="E-mail address. Prompted for if missing.")],
    password_stdin: Annotated[bool, typer.Option(help="Read the password from standard input.")] = False,
    config_file: ConfigFile = None,
) -> None:
    """Create an account with the staff role. There is no default account."""
    settings = _settings(config_file)
    db.connect(settings)
    db.run_with_retry(db.migrate)
    password = sys.stdin.readline().rstrip("\n") if password_stdin else _ask_password()
    account = auth.NewAccount(username, email)
    account.check(password, settings.auth)
    hashed = auth.hash_password(password, settings.auth.bcrypt_cost)
    db.run_with_retry(auth.register, account, hashed, int(time.time()), is_staff=True)
    print(f"{username} has the staff role. Sign in with: movierec login {username}")


def _ask_password() -> str:
    password = getpass.getpass("Password: ")
    if password != getpass.getpass("Again: "):
        raise MovierecError("The two passwords differ. Nothing was created. Try again.")
    return password


@app.command()
def check(config_file: ConfigFile = None) -> None:
    """Check the configuration, the database and the signing keys without serving."""
    settings = _settings(config_file)
    db.connect(settings)
    pending = db.run_with_retry(db.pending_migrations)
    auth.load_or_create_keys(settings.paths.state / "keys.json")
    print(f"configuration  {settings.paths.config / 'config.toml'}")
    print(f"state          {settings.paths.state}")
    print(
        f"database       {'PostgreSQL' if db.is_postgres() else 'SQLite'}, {len(pending)} migrations pending"
    )
    print(f"mail           {_mail_summary(settings)}")
    print(f"TMDb           {'key set' if settings.tmdb.api_key else 'not used (no key)'}")


def _mail_summary(settings: Settings) -> str:
    if mail.base_url(settings.server) is None:
        return "off: set server.public_url, so that links lead to this daemon"
    if not settings.mail.host:
        return "not sent (mail.host is empty); list mails with: movierec-server outbox"
    return f"by {settings.mail.host}:{settings.mail.port}, {settings.mail.security}"


@app.command()
def audit(
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Maximum number of events.")] = 100,
    as_json: AsJson = False,
    config_file: ConfigFile = None,
) -> None:
    """Print the audit log of accounts, newest first: time, event, account, actor, address, detail."""
    print_audit_log(_settings(config_file), limit, as_json=as_json)


@app.command()
def outbox(
    action: Annotated[str, typer.Argument(help="list, or show with the id of a mail.")] = "list",
    mail_id: Annotated[
        int | None, typer.Argument(metavar="[ID]", min=1, help="Id of the mail to show.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Maximum number of mails.")] = 100,
    as_json: AsJson = False,
    config_file: ConfigFile = None,
) -> None:
    """List mails, newest first, or print one with its text, so that its link can be passed on."""
    if (action, mail_id is None) not in (("list", True), ("show", False)):
        raise typer.BadParameter("Use `outbox`, `outbox list` or `outbox show ID`.")
    settings = _settings(config_file)
    if mail_id is None:
        print_outbox(settings, limit, as_json=as_json)
    else:
        print_mail(settings, mail_id, as_json=as_json)


@app.command()
def train(
    measure: Annotated[bool, typer.Option(help="Also measure the quality on held-out raters.")] = False,
    engine: Annotated[
        str, typer.Option(help="local, or spark for more ratings than one machine can hold.")
    ] = "local",
    ratings: Annotated[
        str | None, typer.Option(help="With spark: path of Parquet files, or jdbc:… address of a database.")
    ] = None,
    table: Annotated[str, typer.Option(help="With spark: name of the table at a jdbc address.")] = "ratings",
    spark_master: Annotated[
        str | None,
        typer.Option(
            help="With spark: address of the cluster, for example spark://host:7077. Default: Spark's configuration."
        ),
    ] = None,
    as_json: AsJson = False,
    config_file: ConfigFile = None,
) -> None:
    """Train a model on the community ratings in this process. A running daemon starts to serve it."""
    if engine not in ("local", "spark"):
        raise typer.BadParameter("Use --engine local or --engine spark.")
    if (engine == "spark") != (ratings is not None):
        raise typer.BadParameter("--engine spark needs --ratings, and --ratings needs --engine spark.")
    if ratings is not None and measure:
        raise typer.BadParameter(
            "--measure holds out raters of this database and cannot be combined with --engine spark."
        )
    cluster = None if ratings is None else quality.SparkCluster(ratings, spark_master, table)
    quality.train(_settings(config_file), measure=measure, as_json=as_json, cluster=cluster)


@app.command()
def evaluate(
    movielens: Annotated[
        Path | None,
        typer.Option(
            exists=True, help="Folder or zip archive of a MovieLens dataset. Default: the imported ratings."
        ),
    ] = None,
    known_counts: Annotated[
        str, typer.Option("--known", help="Numbers of known ratings, separated by commas.")
    ] = "1,2,3,5,10,20,40,80,all",
    seeds: Annotated[str, typer.Option(help="Seeds of the splits, separated by commas.")] = "42,43,44",
    positives_only: Annotated[
        bool, typer.Option("--positives-only", help="Use only ratings of 4 and more (Liang 2018).")
    ] = False,
    rivals: Annotated[
        bool, typer.Option("--rivals", help="Also measure reference models: iALS and a single EDLAE.")
    ] = False,
    as_json: AsJson = False,
    config_file: ConfigFile = None,
) -> None:
    """Measure recommendations for held-out raters, compared with baselines."""
    quality.evaluate(
        _settings(config_file),
        movielens=movielens,
        cells=quality.parse_known_counts(known_counts),
        seeds=quality.parse_seeds(seeds),
        positives_only=positives_only,
        rivals=rivals,
        as_json=as_json,
    )


@app.command()
def backup(
    file: Annotated[
        Path, typer.Argument(help="File to write. It holds password hashes and keys: protect it.")
    ],
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
    models: Annotated[
        bool, typer.Option(help="Include the model that serves, which can be trained again.")
    ] = True,
    config_file: ConfigFile = None,
) -> None:
    """Back up the server to one file while the daemon runs. The configuration is not included."""
    contents = back_up(_settings(config_file), file, force=force, models=models)
    rows = sum(contents.tables.values())
    print(f"{file}: {file.stat().st_size:,} bytes, {rows:,} rows, schema {contents.schema[-1]}, ", end="")
    print(f"model {contents.model}" if contents.model else "no model")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="File that `backup` wrote.")],
    force: Annotated[
        bool,
        typer.Option(
            "--force", help="Replace a server that has accounts or movies of its own, which are lost."
        ),
    ] = False,
    config_file: ConfigFile = None,
) -> None:
    """Restore the server from a backup, completely or not at all. Stop the daemon first."""
    manifest = restore_backup(_settings(config_file), file, force=force)
    rows = sum(manifest["tables"].values())
    print(f"restored the server of {manifest['made_at']}: {rows:,} rows, ", end="")
    print(
        f"model {manifest['model']}"
        if manifest["model"]
        else "no model; train one with: movierec-server train"
    )


@app.command()
def config_example() -> None:
    """Print every setting with its default, the text of config.toml.example."""
    print(config.example(), end="")
