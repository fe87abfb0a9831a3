"""Verbs are imported when they are called; errors become clear messages and exit codes."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from typing import Any

import click
import typer
from typer.core import TyperGroup


class LazyGroup(TyperGroup):
    """A group whose commands are imported on use; its help needs none of them."""

    verbs: dict[str, tuple[str, str]] = {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every verb, in the table's order (along the loop, not the alphabet)."""
        return list(self.verbs)

    def get_command(self, ctx: click.Context, cmd_name: str) -> Any:
        """The verb's command, its module imported now; None when there is no such verb."""
        if cmd_name not in self.verbs:
            return None
        module_name, summary = self.verbs[cmd_name]
        if ctx.resilient_parsing or _asks_for_group_help(ctx):
            return click.Command(cmd_name, help=summary)
        module = importlib.import_module(module_name)
        app = getattr(module, "app", None)
        if app is None:
            app = typer.Typer(rich_markup_mode=None, add_completion=False)
            app.command(name=cmd_name, help=module.command.__doc__ or summary)(module.command)
        command = typer.main.get_command(app)
        command.name = cmd_name
        return command


def _asks_for_group_help(ctx: click.Context) -> bool:
    """Whether only the list of verbs is wanted, so that no verb needs importing."""
    return bool(ctx.meta.get("roadworthy.help_only"))


def _show_version(wanted: bool) -> None:
    if wanted:
        from roadworthy import __version__

        sys.stdout.write(f"roadworthy {__version__}\n")
        raise typer.Exit()


def build(verbs: dict[str, tuple[str, str]]) -> Any:
    """The click command of the whole program."""
    group = type("Verbs", (LazyGroup,), {"verbs": verbs})
    app = typer.Typer(cls=group, rich_markup_mode=None, add_completion=False, no_args_is_help=True)

    @app.callback()
    def roadworthy(
        version: bool = typer.Option(
            False, "--version", help="Print the version.", callback=_show_version, is_eager=True
        ),
    ) -> None:
        """Inspect, sign, drive, stop, recall and document a generative-AI system."""

    return typer.main.get_command(app)


def run(verbs: dict[str, tuple[str, str]], arguments: Sequence[str]) -> int:
    """Run the command line; returns the exit code."""
    wants_json = "--json" in arguments
    command = build(verbs)
    help_only = not arguments or arguments[0] in ("--help", "-h")
    try:
        with (
            command.make_context(
                "roadworthy",
                list(arguments),
                help_option_names=["-h", "--help"],
                **({"obj": None}),
            )
            if not help_only
            else _help_context(command) as context
        ):
            if help_only:
                sys.stdout.write(command.get_help(context) + "\n")
                return 0
            result = command.invoke(context)
            return int(result) if isinstance(result, int) else 0
    except click.exceptions.Exit as stop:
        return int(stop.exit_code)
    except click.exceptions.Abort:
        sys.stderr.write("stopped\n")
        return 1
    except click.ClickException as error:
        return _report_usage(error, wants_json=wants_json)
    except KeyboardInterrupt:
        sys.stderr.write("stopped; the same command goes on where it was\n")
        return 2
    except Exception as error:
        return _report(error, wants_json=wants_json)


def _help_context(command: Any) -> click.Context:
    context = click.Context(command, info_name="roadworthy", help_option_names=["-h", "--help"])
    context.meta["roadworthy.help_only"] = True
    return context


def _report_usage(error: click.ClickException, *, wants_json: bool) -> int:
    if wants_json:
        from .terminal import emit

        emit({"error": error.format_message(), "fix": "see --help"})
    else:
        error.show(sys.stderr)
    return 1


def _report(error: Exception, *, wants_json: bool) -> int:
    """Turn an error of ours into words and a code; anything else stays a traceback."""
    from roadworthy.domain import ManifestError, RoadworthyError

    from .exits import exit_of

    if not isinstance(error, RoadworthyError):
        raise error
    code = exit_of(error)
    if wants_json:
        from .terminal import emit

        if isinstance(error, ManifestError):
            emit({"errors": [_fault(fault) for fault in error.faults]})
        else:
            emit({"error": error.message, "fix": error.fix})
        return int(code)
    if isinstance(error, ManifestError):
        for fault in error.faults:
            sys.stderr.write(f"{fault.file}:{fault.line}: {fault.message}\n")
            if fault.fix:
                sys.stderr.write(f"    {fault.fix}\n")
        return int(code)
    sys.stderr.write(f"roadworthy: {error.message}\n")
    if error.fix:
        sys.stderr.write(f"    {error.fix}\n")
    return int(code)


def _fault(fault: Any) -> dict[str, Any]:
    return {"file": fault.file, "line": fault.line, "message": fault.message, "fix": fault.fix}
