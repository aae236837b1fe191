"""Your own functions as tools.

The model learns of a tool by its signature and docstring; what it passes arrives in the annotated
types. To run without a model, this example plays the model's part by a script.
"""

import asyncio
from dataclasses import dataclass
from typing import Literal

import pi
from pi.ai.faux import faux_client, faux_model, text, tool


@dataclass
class Reading:
    """What a sensor says."""

    celsius: float
    at: str


async def temperature(room: str, unit: Literal["C", "F"] = "C") -> Reading:
    """Measure the temperature.

    Args:
        room: Which room, such as "kitchen".
        unit: Celsius or Fahrenheit.
    """
    return Reading(21.5, f"{room}, 12:00 ({unit})")


@pi.tool(name="open_window", mode="sequential")
def open_it(room: str, wide: bool = False) -> str:
    """Open the window of a room."""
    if room == "cellar":
        raise pi.ToolError("The cellar has no window.")
    return f"The window of the {room} is {'wide ' if wide else ''}open."


SCRIPT = [
    [text("Let me look. "), tool("temperature", {"room": "kitchen"})],
    [
        tool("open_window", {"room": "cellar"}),
        tool("open_window", {"room": "kitchen", "wide": True}),
    ],
    [text("It was 21.5 °C in the kitchen; its window is open now. The cellar has none.")],
]


async def main() -> None:
    client = faux_client(SCRIPT)
    # With a real model it is only: pi.Session("openai/gpt-5.4", tools=[temperature, open_it])
    async with pi.Session(faux_model(), client=client, tools=[temperature, open_it]) as session:
        answer = await session.prompt("Is it warm in the kitchen? Then let some air in.")
        for message in session.messages:
            if isinstance(message, pi.ToolResultMessage):
                print(f"{message.tool_name}: {message.content[0].text}")
        print(answer.text)


asyncio.run(main())
