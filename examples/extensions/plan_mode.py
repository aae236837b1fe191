"""Changes which tools the model is offered, and talks in the user's place."""

from pi.extensions import Context, Pi

READING = ["read", "bash"]


def extension(pi: Pi) -> None:
    async def plan(arguments: str, context: Context) -> None:
        context.set_active_tools([name for name in READING if name in context.tools])
        context.ui.notify(f"planning with {', '.join(context.active_tools)}")
        if arguments:
            await context.say(f"Plan, and change nothing: {arguments}")
            await context.wait_idle()

    def do(arguments: str, context: Context) -> None:
        context.set_active_tools([name for name in context.tools if name != "grep"])
        context.ui.notify(f"working with {len(context.active_tools)} tools")

    pi.register_command("plan", plan, description="think first: reading only", hint="[TASK]")
    pi.register_command("do", do, description="work with all tools again")
