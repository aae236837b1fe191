"""Plain typed Python functions as tools.

The JSON Schema comes from the signature, the descriptions from the docstring, and what a model
wrote is converted to the annotated types before the function is called. Types of pydantic are known
by what they can do (`model_json_schema`, `model_validate`), so that library is never imported.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, cast, overload

import msgspec
from msgspec import Struct

from pi.agent.docstrings import parse_docstring
from pi.agent.tools import ExecutionMode, Tool, ToolContext, ToolError, ToolResult
from pi.ai.messages import ImageContent, TextContent

__all__ = ["FunctionTool", "as_tool", "tool"]

Function = Callable[..., Any]


class _Parameter(Struct, frozen=True):
    name: str
    type: Any
    schema: dict[str, Any]
    required: bool


class FunctionTool(Tool):
    """A function that a model can call; it can still be called as before.

    A function that is no coroutine function runs in a thread of its own. Whatever it returns is
    given to the model: text as it is, images as images, everything else as JSON, which is also the
    result's `details`. An exception becomes a failed call; `ToolError` says what the model reads.
    """

    mode: ClassVar[ExecutionMode] = "parallel"

    def __init__(
        self,
        function: Function,
        *,
        name: str | None = None,
        description: str | None = None,
        snippet: str = "",
        mode: ExecutionMode = "parallel",
    ) -> None:
        own = name or getattr(function, "__name__", type(function).__name__)
        about, parameters, self._context = _inspect(function, own)
        self.function = function
        self.description = description or about or own.replace("_", " ")
        self._parameters = parameters
        schema: dict[str, Any] = {
            "type": "object",
            "properties": {parameter.name: parameter.schema for parameter in parameters},
        }
        required = [parameter.name for parameter in parameters if parameter.required]
        if required:
            schema["required"] = required
        # Attributes of the class for tools that are classes; here each object has its own.
        vars(self).update(name=own, parameters=schema, snippet=snippet, mode=mode)
        vars(self).update(__doc__=function.__doc__, __name__=own, __wrapped__=function)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<pi.tool {self.name}({', '.join(p.name for p in self._parameters)})>"

    async def execute(self, arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        """Call the function."""
        given: dict[str, Any] = {}
        for parameter in self._parameters:
            if parameter.name in arguments:
                given[parameter.name] = _converted(parameter, arguments[parameter.name])
        if self._context:
            given[self._context] = context
        if _is_async(self.function):
            value = await cast("Awaitable[Any]", self.function(**given))
        else:
            value = await asyncio.to_thread(self.function, **given)
        return _result(value)


@overload
def tool(function: Function, /) -> FunctionTool: ...
@overload
def tool(
    *,
    name: str | None = None,
    description: str | None = None,
    snippet: str = "",
    mode: ExecutionMode = "parallel",
) -> Callable[[Function], FunctionTool]: ...
def tool(
    function: Function | None = None,
    /,
    *,
    name: str | None = None,
    description: str | None = None,
    snippet: str = "",
    mode: ExecutionMode = "parallel",
) -> FunctionTool | Callable[[Function], FunctionTool]:
    """Make a tool of a function, as a decorator with or without arguments.

    name, description: instead of the function's own. snippet: one line for the system prompt.
    mode: `sequential` for a tool that must not run beside others. Raises `TypeError` for a
    signature that no model could follow.
    """

    def make(function: Function) -> FunctionTool:
        return FunctionTool(
            function, name=name, description=description, snippet=snippet, mode=mode
        )

    return make if function is None else make(function)


def as_tool(thing: Tool | Function) -> Tool:
    """A tool as it is, a function as a tool."""
    return thing if isinstance(thing, Tool) else FunctionTool(thing)


# -- signatures ------------------------------------------------------------------------------------


def _inspect(function: Function, name: str) -> tuple[str, tuple[_Parameter, ...], str]:
    """Description, parameters, and the name of the parameter that takes the context, or ""."""
    import inspect  # takes 10 ms; only for those who bring functions
    from typing import get_args, get_type_hints

    target: Any = function
    if not inspect.isroutine(target):
        target = getattr(target, "func", target)  # of functools.partial
        target = target if inspect.isroutine(target) else type(target).__call__
    hints = get_type_hints(target, include_extras=True)
    about, texts = parse_docstring(inspect.getdoc(function) or "")
    context, found = "", list[_Parameter]()
    for parameter in inspect.signature(function).parameters.values():
        where = f"tool {name}: parameter {parameter.name!r}"
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise TypeError(f"{where} cannot be given by name; models give all arguments by name")
        if parameter.name not in hints:
            raise TypeError(f"{where} has no type: write {parameter.name}: str, or what it is")
        hint = hints[parameter.name]
        if hint is ToolContext or ToolContext in get_args(hint):
            context = parameter.name
            continue
        schema = _schema_of(hint, where)
        text = texts.get(parameter.name) or _text_in(hint)
        if text and "description" not in schema:
            schema = {**schema, "description": text}
        required = parameter.default is parameter.empty
        if not required and parameter.default is not None:
            schema |= _default(parameter.default)
        found.append(_Parameter(parameter.name, hint, schema, required))
    return about, tuple(found), context


def _text_in(hint: Any) -> str:
    """The text in `Annotated[int, "text"]`, or that of a field of pydantic there."""
    for item in getattr(hint, "__metadata__", ()):
        text = item if isinstance(item, str) else getattr(item, "description", None)
        if isinstance(text, str):
            return text
    return ""


def _default(value: Any) -> dict[str, Any]:
    try:
        return {"default": msgspec.to_builtins(value, str_keys=True)}
    except (TypeError, ValueError):
        return {}


def _schema_of(hint: Any, where: str) -> dict[str, Any]:
    try:
        (schema,), components = msgspec.json.schema_components(
            [hint], schema_hook=_foreign_schema, ref_template="#/$defs/{name}"
        )
        return cast("dict[str, Any]", _flat(schema, components, ()))
    except (TypeError, RecursionError) as error:
        raise TypeError(f"{where}: {error}") from None


def _foreign_schema(kind: type) -> dict[str, Any]:
    make = getattr(kind, "model_json_schema", None)
    if make is None:
        raise NotImplementedError
    schema: dict[str, Any] = make()
    return cast("dict[str, Any]", _flat(schema, schema.pop("$defs", {}), ()))


def _flat(schema: Any, components: dict[str, Any], inside: tuple[str, ...]) -> Any:
    """The schema without references, which not every service understands, and without titles."""
    if isinstance(schema, list):
        return [_flat(item, components, inside) for item in cast("list[Any]", schema)]
    if not isinstance(schema, dict):
        return schema
    rules = cast("dict[str, Any]", schema)
    reference = rules.get("$ref")
    if isinstance(reference, str):
        name = reference.rpartition("/")[2]
        if name in inside:
            raise TypeError(f"the type {name} contains itself; models are given flat schemas only")
        rest = {key: value for key, value in rules.items() if key != "$ref"}
        return {**_flat(components[name], components, (*inside, name)), **rest}
    flat: dict[str, Any] = {}
    for key, value in rules.items():
        if key == "title" and isinstance(value, str):
            continue
        if key == "properties":
            flat[key] = {n: _flat(v, components, inside) for n, v in value.items()}
        elif key in ("default", "enum", "const", "examples"):
            flat[key] = value
        else:
            flat[key] = _flat(value, components, inside)
    return flat


# -- calls -----------------------------------------------------------------------------------------


def _is_async(function: Function) -> bool:
    import inspect

    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
        getattr(function, "__call__", None)  # noqa: B004 (an object that is called)
    )


def _converted(parameter: _Parameter, value: Any) -> Any:
    try:
        return msgspec.convert(value, parameter.type, dec_hook=_foreign_value, str_keys=True)
    except (msgspec.ValidationError, ValueError) as error:
        raise ToolError(f"The argument {parameter.name} is not right: {error}") from None


def _foreign_value(kind: type, value: Any) -> Any:
    read = getattr(kind, "model_validate", None)
    if read is None:
        raise NotImplementedError(f"{kind.__name__} cannot be made of JSON")
    return read(value)


def _result(value: Any) -> ToolResult:
    if isinstance(value, ToolResult):
        return value
    if value is None:
        return ToolResult.of("Done.")
    if isinstance(value, str):
        return ToolResult.of(value if value.strip() else "(nothing)")
    if isinstance(value, TextContent | ImageContent):
        return ToolResult((value,))
    items = tuple(cast("list[Any]", value)) if isinstance(value, list | tuple) else ()
    if items and all(isinstance(item, TextContent | ImageContent) for item in items):
        return ToolResult(items)
    data = msgspec.to_builtins(value, enc_hook=_foreign_data, str_keys=True)
    return ToolResult.of(msgspec.json.encode(data).decode(), details=data)


def _foreign_data(value: Any) -> Any:
    dump = getattr(value, "model_dump", None)
    return str(value) if dump is None else dump(mode="json")
