"""`movierec-server`: the operator's commands. Users have `movierec`, which speaks only HTTP."""

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
from movierec.daemon.restore import restore as restored
from movierec.errors import ConfigurationError, MovierecError

EXIT_CONFIGURATION = 78  # EX_CONFIG: nothing will help but a change of configuration

app = typer.Typer(
    help="Run and operate the movierec daemon.",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

ConfigFile = Annotated[Path | None, typer.Option("--config", help="Settings file.")]


def main() -> None:
    """The console script: expected failures become one line and an exit code."""
    os.umask(0o077)
    if sys.argv[1:] == ["--version"]:
        print(f"movierec-server {__version__}")
        return
    try:
        app()
    except ConfigurationError as error:
        _fail(error, EXIT_CONFIGURATION)
    except MovierecError as error:
        _fail(error, 1)


def _fail(error: MovierecError, code: int) -> None:
    print(f"movierec-server: {error.detail}", file=sys.stderr)
    for item in error.errors:
        print(f"  {item.field}: {item.message}", file=sys.stderr)
    sys.exit(code)


def _settings(path: Path | None, **server: Any) -> Settings:
    settings = config.load(path)
    given = {key: value for key, value in server.items() if value is not None}
    settings = dataclasses.replace(settings, server=dataclasses.replace(settings.server, **given))
    config.check(settings)
    logs.configure_logging(settings.log.level)
    return settings


@app.callback(invoke_without_command=True)
def default(context: typer.Context) -> None:
    """Without a command: serve."""
    if context.invoked_subcommand is None:
        context.invoke(serve)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes (PostgreSQL only).")] = None,
    config_file: ConfigFile = None,
) -> None:
    """Serve until stopped. Migrates the database and fills an empty catalogue first."""
    # Requests are many and small: threads of linear algebra would only get into each other's way. Read at import.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from movierec.daemon.serve import serve as run  # aiohttp and numpy: not needed by the other commands

    raise typer.Exit(run(_settings(config_file, host=host, port=port, workers=workers)))


@app.command()
def migrate(config_file: ConfigFile = None) -> None:
    """Bring the database to this version's schema."""
    db.connect(_settings(config_file))
    applied = db.run_with_retry(db.migrate)
    print("\n".join(f"applied {name}" for name in applied) or "nothing to migrate")


@app.command()
def create_admin(
    username: Annotated[str, typer.Option(prompt=True)],
    email: Annotated[str, typer.Option(prompt=True)],
    password_stdin: Annotated[bool, typer.Option(help="Read the password from standard input.")] = False,
    config_file: ConfigFile = None,
) -> None:
    """Create a staff account. There is no other way to the first one, and no default account."""
    settings = _settings(config_file)
    db.connect(settings)
    db.run_with_retry(db.migrate)
    password = sys.stdin.readline().rstrip("\n") if password_stdin else _ask_password()
    account = auth.NewAccount(username, email)
    account.check(password, settings.auth)
    hashed = auth.hash_password(password, settings.auth.bcrypt_cost)
    db.run_with_retry(auth.register, account, hashed, int(time.time()), is_staff=True)
    print(f"{username} is an administrator now. Sign in with: movierec login {username}")


def _ask_password() -> str:
    password = getpass.getpass("Password: ")
    if password != getpass.getpass("Again: "):
        raise MovierecError("The two passwords differ. Nothing was created.")
    return password


@app.command()
def check(config_file: ConfigFile = None) -> None:
    """Check the configuration, the database and the keys without serving."""
    settings = _settings(config_file)
    db.connect(settings)
    pending = db.run_with_retry(db.pending_migrations)
    auth.load_or_create_keys(settings.paths.state / "keys.json")
    print(f"configuration  {settings.paths.config / 'config.toml'}")
    print(f"state          {settings.paths.state}")
    print(
        f"database       {'PostgreSQL' if db.is_postgres() else 'SQLite'}, {len(pending)} migrations pending"
    )
    print(f"mail           {_mail_as_shown(settings)}")
    print(f"TMDb           {'key set' if settings.tmdb.api_key else 'not used (no key)'}")


def _mail_as_shown(settings: Settings) -> str:
    if mail.base_url(settings.server) is None:
        return "off: set server.public_url, or links would lead nowhere"
    if not settings.mail.host:
        return "not sent (no mail.host); movierec-server outbox shows it"
    return f"by {settings.mail.host}:{settings.mail.port}, {settings.mail.security}"


@app.command()
def audit(
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many.")] = 100,
    as_json: AsJson = False,
    config_file: ConfigFile = None,
) -> None:
    """List what happened to accounts, newest first: time, event, whose, by whom, from where, detail."""
    print_audit_log(_settings(config_file), limit, as_json=as_json)


@app.command()
def outbox(
    action: Annotated[str, typer.Argument(help="list, or show with the ID of a mail.")] = "list",
    mail_id: Annotated[int | None, typer.Argument(metavar="[ID]", min=1)] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many.")] = 100,
    as_json: AsJson = False,
    config_file: ConfigFile = None,
) -> None:
    """Show mails: newest first, or the text of one, to pass its link on."""
    if (action, mail_id is None) not in (("list", True), ("show", False)):
        raise typer.BadParameter("Use: outbox [list], or outbox show ID.")
    settings = _settings(config_file)
    if mail_id is None:
        print_outbox(settings, limit, as_json=as_json)
    else:
        print_mail(settings, mail_id, as_json=as_json)


@app.command()
def train(
    measure: Annotated[bool, typer.Option(help="Also hold raters out and say how good it is.")] = False,
    engine: Annotated[
        str, typer.Option(help="local, or spark for ratings that outgrow one machine.")
    ] = "local",
    ratings: Annotated[
        str | None, typer.Option(help="spark: a path of Parquet, or a database's jdbc:… address.")
    ] = None,
    table: Annotated[str, typer.Option(help="spark: the table behind a jdbc address.")] = "ratings",
    spark_master: Annotated[
        str | None,
        typer.Option(help="spark: the cluster, such as spark://host:7077; else as Spark is configured."),
    ] = None,
    as_json: AsJson = False,
    config_file: ConfigFile = None,
) -> None:
    """Train a model on the imported ratings, here and now; a running daemon takes it over."""
    if engine not in ("local", "spark"):
        raise typer.BadParameter("Use --engine local or --engine spark.")
    if (engine == "spark") != (ratings is not None):
        raise typer.BadParameter("--engine spark and --ratings go together.")
    if ratings is not None and measure:
        raise typer.BadParameter(
            "--measure holds out raters of this database; it does not go with --engine spark."
        )
    cluster = None if ratings is None else quality.SparkCluster(ratings, spark_master, table)
    quality.train(_settings(config_file), measure=measure, as_json=as_json, cluster=cluster)


@app.command()
def evaluate(
    movielens: Annotated[
        Path | None, typer.Option(exists=True, help="A MovieLens folder or zip instead of what is imported.")
    ] = None,
    known: Annotated[
        str, typer.Option(help="Numbers of known ratings, with commas.")
    ] = "1,2,3,5,10,20,40,80,all",
    seeds: Annotated[str, typer.Option(help="Seeds of the splits, with commas.")] = "42,43,44",
    positives_only: Annotated[
        bool, typer.Option("--positives-only", help="Keep ratings of 4 and more only (Liang 2018).")
    ] = False,
    rivals: Annotated[
        bool, typer.Option("--rivals", help="Also what could be served instead: iALS, a single EDLAE.")
    ] = False,
    as_json: AsJson = False,
    config_file: ConfigFile = None,
) -> None:
    """Measure recommendations for people the model has not seen, beside what is usual."""
    quality.evaluate(
        _settings(config_file),
        movielens=movielens,
        cells=quality.parse_known_counts(known),
        seeds=quality.parse_seeds(seeds),
        positives_only=positives_only,
        rivals=rivals,
        as_json=as_json,
    )


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The file to make; keep it as you keep passwords.")],
    force: Annotated[bool, typer.Option("--force", help="Replace the file where there is one.")] = False,
    models: Annotated[bool, typer.Option(help="With the model that serves; it can be trained again.")] = True,
    config_file: ConfigFile = None,
) -> None:
    """Back up the server into one file; a running daemon goes on meanwhile. Not contained: the configuration."""
    made = back_up(_settings(config_file), file, force=force, models=models)
    rows = sum(made.tables.values())
    print(f"{file}: {file.stat().st_size:,} bytes, {rows:,} rows, schema {made.schema[-1]}, ", end="")
    print(f"model {made.model}" if made.model else "no model")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="What backup has made.")],
    force: Annotated[
        bool, typer.Option("--force", help="Also where the server has accounts or films: they are lost.")
    ] = False,
    config_file: ConfigFile = None,
) -> None:
    """Make the server what it was at the backup, wholly or not at all. Stop the daemon first."""
    manifest = restored(_settings(config_file), file, force=force)
    rows = sum(manifest["tables"].values())
    print(f"restored the server of {manifest['made_at']}: {rows:,} rows, ", end="")
    print(f"model {manifest['model']}" if manifest["model"] else "no model: movierec-server train makes one")


@app.command()
def config_example() -> None:
    """Print every setting with its default: the text of config.toml.example."""
    print(config.example(), end="")
