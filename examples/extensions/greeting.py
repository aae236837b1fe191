"""Options of the command line: `pi --greet --greet-whom Ann`."""

from pi.extensions import Context, Pi, SessionStart


def extension(pi: Pi) -> None:
    pi.register_flag("greet", help="greet when a session begins")
    pi.register_flag("greet-whom", kind=str, default="World", help="whom to greet")

    @pi.on("session_start")
    def greet(event: SessionStart, context: Context) -> None:
        if pi.flag("greet"):
            context.ui.notify(f"Hello {pi.flag('greet-whom')}! ({event.reason})")
