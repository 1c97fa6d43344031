"""The command line: ``pilot new``, ``check``, ``brief``, ``audit``, ``release`` and others."""

import signal
import sys
from pathlib import Path

import click

from pilot_analysis.errors import PilotError

__all__ = ["main"]

_FAULTS = 2  # exit status for a fault in what was asked or in the data; 1: a brief failed
_INTERRUPTED = 130  # as shells have it for Ctrl-C


class _Commands(click.Group):
    """Commands whose `PilotError` is shown as a message, not as a traceback."""

    def invoke(self, context: click.Context):
        """Run the command."""
        for name in ("SIGTERM", "SIGHUP"):  # tidy up as after Ctrl-C; Windows has no SIGHUP
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), signal.default_int_handler)
        try:
            return super().invoke(context)
        except PilotError as error:
            click.echo(f"Error: {error}", err=True)
            context.exit(_FAULTS)
        except KeyboardInterrupt:
            click.echo("Interrupted: nothing was written.", err=True)
            context.exit(_INTERRUPTED)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pilot-analysis", message="%(prog)s %(version)s")
def main() -> None:
    """Make honest research briefs from a school software pilot."""


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--school", "schools", multiple=True, metavar="ID", help="Only this school; repeat.")
@click.option("--jobs", type=click.IntRange(min=1), help="Briefs made at a time.  [default: 2]")
@click.option(
    "--out", type=click.Path(path_type=Path), default="reports", show_default=True,
    help="Folder for the reports.",
)  # fmt: skip
@click.option(
    "--audience", type=click.Choice(["team", "public", "internal"]), default="team",
    show_default=True, help="Who may read the briefs.",
)  # fmt: skip
@click.option("--notebooks", type=click.Path(path_type=Path), help="Folder of the notebooks.")
def brief(folder, schools, jobs, out, audience, notebooks) -> None:
    """Make the briefs of every school and of the network.

    FOLDER holds pilot.toml. With --school only the briefs of those schools are made. Exit status:
    0 all made, 1 a brief failed (the others are there), 2 the run could not start, or the audit
    found something and nothing was handed out.
    """
    click.echo(f"Reading {folder} ...", err=True)
    from pilot_analysis.batch import run_briefs

    run = run_briefs(folder, out, audience, schools or None, jobs, notebooks=notebooks)
    click.echo(run.table())
    sys.exit(run.exit_status)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(path_type=Path), default="reports", show_default=True,
    help="Folder for the reports.",
)  # fmt: skip
def check(folder, out) -> None:
    """Check everything that FOLDER holds, and say what is wrong, missing or odd.

    Also writes the report as a page with all lists, check.html, for those who hold the data.
    Exit status: 0 the data can be used, 2 they cannot.
    """
    from pilot_analysis.check import check_pilot

    checked = check_pilot(folder, out)
    click.echo(checked.text)
    sys.exit(_FAULTS if checked.n_faults else 0)


@main.command()
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--pilot", type=click.Path(path_type=Path, file_okay=False), help="Also search for its ids."
)
def audit(runs, pilot) -> None:
    """Read RUNS as a stranger would, with all earlier releases, and say what they give away.

    Exit status: 0 nothing was found, 1 something was, 2 the audit could not be done.
    """
    from pilot_analysis.release import audit_and_note

    done = audit_and_note(runs, pilot)
    click.echo(done.told)
    sys.exit(1 if done.findings else 0)


@main.command()
@click.argument("run", type=click.Path(path_type=Path, file_okay=False))
@click.option("--reason", default="", help="Why, for the ledger; needed with --replaces.")
@click.option("--replaces", default="", metavar="RUN", help="The release that this one corrects.")
@click.option("--withdraw", metavar="WHY", help="Take this release back, and say why.")
@click.option(
    "--pilot", type=click.Path(path_type=Path, file_okay=False), help="Also search for its ids."
)
def release(run, reason, replaces, withdraw, pilot) -> None:
    """Hand out RUN: audit it against all earlier releases, copy it, and keep the ledger.

    Exit status: 0 done, 2 refused.
    """
    from pilot_analysis.release import release_run, withdraw_run

    if withdraw is not None:
        click.echo(f"Withdrawn; the ledger keeps it: {withdraw_run(run, withdraw)}")
        return
    folder, audited = release_run(run, reason, replaces=replaces, pilot_folder=pilot)
    click.echo(f"{audited.told}\nReleased: {folder}")


@main.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--from", "exports", type=click.Path(path_type=Path, file_okay=False),
    help="Folder of exports: look at its files and propose sources and items.",
)  # fmt: skip
def new(folder, exports) -> None:
    """Make FOLDER for a new pilot: a commented pilot.toml, empty tables and a README."""
    from pilot_analysis.scaffold import new_pilot

    click.echo(new_pilot(folder, exports).told())


@main.command()
def dictionary() -> None:
    """Print the data dictionary (docs/data_dictionary.md)."""
    from pilot_analysis.schema import data_dictionary

    click.echo(data_dictionary(), nl=False)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--seed", type=click.IntRange(min=0), required=True, help="The same seed gives the same pilot."
)
@click.option("--schools", type=click.IntRange(min=1), default=10, show_default=True)
@click.option("--replace", is_flag=True, help="Write over exports that are there.")
def simulate(folder, seed, schools, replace) -> None:
    """Write a simulated pilot with every instrument to FOLDER, as its systems would export it."""
    from pilot_analysis.errors import DataError
    from pilot_analysis.simulate import simulate_pilot
    from pilot_analysis.simulate.exports import write_exports

    own = ("README.md", "pilot.toml")
    there = sorted(path.name for path in folder.glob("*") if path.name not in own)
    if there and not replace:
        raise DataError(
            f"{folder}: is not empty ({there[0]} is there). Give an empty folder, or add --replace "
            "to write over the exports that are there."
        )
    aside = write_exports(simulate_pilot(seed=seed, n_schools=schools), folder)
    click.echo(
        f"Exports in {folder}; {aside['rows'].sum():,} of their rows do not count, and reading "
        "sets them aside."
    )
    if not (folder / "pilot.toml").exists():
        click.echo(
            "It needs a pilot.toml: copy the one of data/raw/demo, change its id, and delete the "
            "sources of files that are not there."
        )
