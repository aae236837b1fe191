"""Looks at the user's own commands (`!`): changes, answers or refuses them."""

from pi.extensions import BashResult, Cancel, Context, Pi, UserBash


def extension(pi: Pi) -> None:
    @pi.on("user_bash")
    def user_bash(event: UserBash, context: Context) -> str | BashResult | Cancel | None:
        if event.command == "weather":
            return BashResult("sunny", 0)
        if event.command.startswith("sudo "):
            return Cancel("not as root")
        return event.command.replace("ll", "ls -l") if event.command == "ll" else None
