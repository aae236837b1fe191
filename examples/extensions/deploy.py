"""A slash command: it completes its argument, asks, says how far it is, and tells the model."""

from collections.abc import Sequence

from pi.extensions import Completion, Context, Pi

PLACES = {"staging": "for trying things", "production": "for everybody"}


def extension(pi: Pi) -> None:
    def complete(prefix: str, context: Context) -> Sequence[Completion]:
        return [Completion(k, v) for k, v in PLACES.items() if k.startswith(prefix)]

    async def deploy(arguments: str, context: Context) -> None:
        place = arguments or await context.ui.select("Deploy where?", list(PLACES))
        if place is None:
            context.ui.notify("nothing was deployed: nobody said where", "warning")
            return
        if place == "production" and not await context.ui.confirm("Deploy", "Really?"):
            return
        context.ui.set_status("deploy", f"deploying to {place}")
        code, out, _ = await context.exec("echo", f"deployed to {place}", timeout=30)
        context.ui.set_status("deploy", None)
        context.ui.notify(out.strip() if code == 0 else "it failed")
        await context.add_message("deploy", f"The user has {out.strip()}.", details={"code": code})

    pi.register_command(
        "deploy", deploy, description="deploys this project", hint="[PLACE]", complete=complete
    )
