"""Functions as tools: the schema from the signature, the values in their types, the results."""

import asyncio
import dataclasses
import datetime
import enum
import functools
import threading
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import pydantic
import pytest

import pi
from pi.agent.docstrings import parse_docstring
from pi.agent.functions import as_tool
from pi.agent.schema import validate
from pi.ai.messages import ImageContent, TextContent


class Unit(enum.Enum):
    C = "c"
    F = "f"


class Place(pydantic.BaseModel):
    """Somewhere."""

    city: str
    height: float = pydantic.Field(0, description="in metres")


@dataclasses.dataclass
class Box:
    width: int
    height: int = 3


async def call(tool: pi.Tool, **arguments: Any) -> pi.ToolResult:
    """Call a tool as the loop does."""
    checked, problems = validate(tool.parameters, arguments)
    assert not problems
    return await tool.execute(checked, pi.ToolContext(Path("/"), "1", lambda partial: None))


def of(kind: Any) -> dict[str, Any]:
    """The schema of a parameter of that type."""

    def function(x: Any) -> None: ...

    function.__annotations__["x"] = kind
    return as_tool(function).parameters["properties"]["x"]


@pytest.mark.parametrize(
    ("kind", "schema"),
    [
        (int, {"type": "integer"}),
        (str, {"type": "string"}),
        (float, {"type": "number"}),
        (bool, {"type": "boolean"}),
        (Any, {}),
        (list[str], {"type": "array", "items": {"type": "string"}}),
        (dict[str, int], {"type": "object", "additionalProperties": {"type": "integer"}}),
        (Literal["a", "b"], {"enum": ["a", "b"]}),
        (Unit, {"enum": ["c", "f"]}),
        (int | None, {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
        (Annotated[int, msgspec.Meta(ge=1, le=9)], {"type": "integer", "minimum": 1, "maximum": 9}),
        (Annotated[int, "how many"], {"type": "integer", "description": "how many"}),
        (datetime.date, {"type": "string", "format": "date"}),
        (
            Box,
            {
                "type": "object",
                "properties": {
                    "width": {"type": "integer"},
                    "height": {"type": "integer", "default": 3},
                },
                "required": ["width"],
            },
        ),
        (
            Place,
            {
                "type": "object",
                "description": "Somewhere.",
                "properties": {
                    "city": {"type": "string"},
                    "height": {"type": "number", "default": 0, "description": "in metres"},
                },
                "required": ["city"],
            },
        ),
    ],
)
def test_types(kind: Any, schema: dict[str, Any]) -> None:
    assert of(kind) == schema


async def test_a_function_is_described_by_its_docstring_and_called_with_its_types() -> None:
    @pi.tool
    def weather(
        place: Place, days: int = 3, *, unit: Unit = Unit.C, boxes: list[Box] | None = None
    ) -> str:
        """Tell the weather.

        Args:
            place: Where,
                precisely.
            days: How long.
        """
        assert isinstance(place, Place)
        assert unit is Unit.F
        assert boxes == [Box(1), Box(2, 5)]
        return f"{place.city} {days}"

    assert weather.name == "weather"
    assert weather.description == "Tell the weather."
    properties = weather.parameters["properties"]
    assert properties["days"] == {"type": "integer", "description": "How long.", "default": 3}
    assert properties["place"]["description"] == "Somewhere."
    assert weather.parameters["required"] == ["place"]
    result = await call(
        weather,
        place={"city": "Bonn"},
        days="4",
        unit="f",
        boxes=[{"width": 1}, {"width": 2, "height": 5}],
    )
    assert result.content == (TextContent("Bonn 4"),)
    assert weather(Place(city="Köln"), unit=Unit.F, boxes=[Box(1), Box(2, 5)]) == "Köln 3"


@pytest.mark.parametrize(
    ("value", "text", "details"),
    [
        ("text", "text", None),
        ("", "(nothing)", None),
        (None, "Done.", None),
        (5, "5", 5),
        ({"a": [1, 2.5]}, '{"a":[1,2.5]}', {"a": [1, 2.5]}),
        (Box(1), '{"width":1,"height":3}', {"width": 1, "height": 3}),
        (Place(city="x"), '{"city":"x","height":0.0}', {"city": "x", "height": 0.0}),
        ([Unit.C], '["c"]', ["c"]),
        (Path("/x"), '"/x"', "/x"),
    ],
)
async def test_results(value: Any, text: str, details: Any) -> None:
    result = await call(as_tool(lambda: value))
    assert (result.content, result.details) == ((TextContent(text),), details)


async def test_results_that_are_content_already() -> None:
    picture = ImageContent("aGk=", "image/png")
    assert (await call(as_tool(lambda: picture))).content == (picture,)
    both = [TextContent("x"), picture]
    assert (await call(as_tool(lambda: both))).content == tuple(both)
    whole = pi.ToolResult.of("x", details=1)
    assert await call(as_tool(lambda: whole)) is whole


async def test_plain_functions_do_not_hold_up_the_loop() -> None:
    gate = threading.Event()

    def wait() -> str:
        assert gate.wait(5)
        return threading.current_thread().name

    running = asyncio.ensure_future(call(as_tool(wait)))
    await asyncio.sleep(0.01)
    gate.set()
    assert (await running).content[0].text != threading.current_thread().name


async def test_coroutines_methods_partials_and_objects() -> None:
    class Adder:
        """Adds."""

        def plus(self, x: int) -> int:
            """Add one."""
            return x + 1

        async def __call__(self, x: int) -> int:
            return x + 2

    async def add(x: int, y: int) -> int:
        return x + y

    assert (await call(as_tool(Adder().plus), x=1)).details == 2
    assert (await call(as_tool(Adder()), x=1)).details == 3
    assert (await call(pi.tool(name="add")(add), x=1, y=3)).details == 4
    partial = pi.tool(name="partial")(functools.partial(add, y=5))
    assert partial.name == "partial"
    assert (await call(partial, x=1, y=5)).details == 6


async def test_the_context_is_given_and_not_asked_of_the_model() -> None:
    @pi.tool(name="where", description="Where am I?", snippet="tells", mode="sequential")
    def function(context: pi.ToolContext, deeper: str = "") -> str:
        return str(context.cwd / deeper)

    assert function.parameters["properties"].keys() == {"deeper"}
    assert (function.name, function.description) == ("where", "Where am I?")
    assert (function.snippet, function.mode) == ("tells", "sequential")
    assert (await call(function, deeper="x")).content[0].text == "/x"


async def test_what_does_not_fit_is_told_to_the_model() -> None:
    def function(day: datetime.date) -> str:
        return day.isoformat()

    with pytest.raises(pi.ToolError, match="day"):
        await call(as_tool(function), day="not a day")
    with pytest.raises(pi.ToolError, match="place"):
        await as_tool(_of_place).execute({"place": {"city": []}}, None)  # type: ignore[arg-type]


def _of_place(place: Place) -> str:
    return place.city


class Node(msgspec.Struct):
    child: "Node | None" = None


@pytest.mark.parametrize(
    ("function", "problem"),
    [
        (lambda x: x, "has no type"),
        (lambda *x: x, "by name"),
        (lambda **x: x, "by name"),
    ],
)
def test_signatures_that_no_model_can_follow(function: Any, problem: str) -> None:
    with pytest.raises(TypeError, match=problem):
        as_tool(function)


def test_types_that_no_model_can_be_told() -> None:
    with pytest.raises(TypeError, match="contains itself"):
        of(Node)
    with pytest.raises(TypeError, match="'x'"):
        of(threading.Thread)


def test_a_tool_stays_what_it_is() -> None:
    tool = as_tool(_of_place)
    assert as_tool(tool) is tool
    assert repr(tool) == "<pi.tool _of_place(place)>"


GOOGLE = """Do it.

Args:
    a: The first
        of two.
    b (int): The second.

Returns:
    x: y"""
SPHINX = """Do it.

:param a: The first
    of two.
:param int b: The second.
:returns: x"""
NUMPY = """Do it.

Parameters
----------
a : int
    The first
    of two.
b
    The second.

Returns
-------
int
    x"""


@pytest.mark.parametrize("text", [GOOGLE, SPHINX, NUMPY])
def test_docstrings_of_three_styles(text: str) -> None:
    assert parse_docstring(text) == ("Do it.", {"a": "The first of two.", "b": "The second."})


def test_a_docstring_without_parameters() -> None:
    assert parse_docstring("One.\n\nTwo: three.") == ("One.\n\nTwo: three.", {})
    assert parse_docstring("") == ("", {})
