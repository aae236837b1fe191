"""Everything that can be asked and shown, and the events about it."""

from pi.extensions import Choice, Context, Pi, PickList, UiPromptEnd, UiPromptStart


def extension(pi: Pi) -> None:
    async def survey(arguments: str, context: Context) -> None:
        ui = context.ui
        name = await ui.input("Your name", placeholder="Ann", timeout=60)
        colour = await ui.select("Your colour", ["red", "green"])
        food = await ui.pick(PickList(title="Food", choices=(Choice(key="p", label="Pizza"),)))
        story = await ui.editor("Your story", prefill="Once")
        sure = await ui.confirm("Send it?", "There is no way back.")
        ui.set_title("Survey")
        ui.set_widget("survey", [f"name: {name}", f"colour: {colour}"])
        ui.set_editor_text("thank you")
        ui.notify(f"{name}, {colour}, {food.key if food else None}, {story}, {sure}")

    pi.register_command("survey", survey, description="asks some questions")

    asked: list[str] = []

    @pi.on("ui_prompt_start")
    def start(event: UiPromptStart, context: Context) -> None:
        asked.append(event.kind)

    @pi.on("ui_prompt_end")
    def end(event: UiPromptEnd, context: Context) -> None:
        if event.kind == "confirm":
            context.ui.notify(f"asked: {', '.join(asked)}")
