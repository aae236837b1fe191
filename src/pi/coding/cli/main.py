"""The command `pi`: reads the command line, starts a mode, gives the exit code.

Nothing is imported before it is needed: `--version` and `--help` load neither the library nor an
event loop.
"""

import os
import sys

__all__ = ["main"]


def main(argv: list[str] | None = None) -> int:
    """Run the program; gives the exit code."""
    argv = sys.argv[1:] if argv is None else argv
    if argv in (["--version"], ["-v"]):
        from pi._version import __version__

        sys.stdout.write(f"{__version__}\n")
        return 0
    from pi.coding.cli.args import UsageError, parse
    from pi.coding.cli.options import COMMANDS, Option

    try:
        if argv and argv[0] in COMMANDS:
            from importlib import import_module

            return import_module(COMMANDS[argv[0]]).run(argv[1:])
        args = parse(argv)
        if args.flag("version"):
            return main(["--version"])
        if args.flag("help"):
            from pi.coding.cli.help import help_text
            from pi.coding.cli.whether import may_have_extensions

            more: list[tuple[Option, str]] = []
            if may_have_extensions(args):
                from pi.coding.cli.start import extension_options

                more = extension_options(args)
            sys.stdout.write(help_text(more))
            return 0
        import gc

        gc.disable()  # nothing that is made at start becomes garbage; `headless` enables it again
        from pi.coding.cli.start import start

        return start(args)
    except UsageError as error:
        sys.stderr.write(f"Error: {error}\n")
        return 1
    except KeyboardInterrupt:  # before anything had begun
        return 130
    except BrokenPipeError:
        # whoever read our output has left; there is nobody to tell
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 141


if __name__ == "__main__":
    sys.exit(main())
