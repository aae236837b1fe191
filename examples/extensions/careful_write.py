"""A tool that stands for a built-in one, and says how its calls and results look."""

from typing import Any, ClassVar

from pi.extensions import Pi, Tool, ToolContext, ToolError, ToolResult


class CarefulWrite(Tool):
    """Writes only files that do not exist yet."""

    name = "write"
    description = "Write a new file. Existing files are never overwritten."
    snippet = "write: make a new file"
    parameters: ClassVar[dict[str, Any]] = {
        "type": "object",
        "properties": {"path": {"type": "string"}, "content": {"type": "string"}},
        "required": ["path", "content"],
    }

    async def execute(self, arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        """Write it."""
        path = context.cwd / arguments["path"]
        try:
            with path.open("x") as file:
                file.write(arguments["content"])
        except FileExistsError:
            raise ToolError(f"{path} exists already: choose another name") from None
        return ToolResult.of(f"wrote {path.name}, a new file", details={"path": str(path)})


def draw_call(arguments: dict[str, Any], expanded: bool) -> list[str]:
    """The call, as the screen shows it."""
    lines = arguments.get("content", "").splitlines()
    return [f"a new file: {arguments.get('path')}", *(lines if expanded else lines[:3])]


def draw_result(text: str, details: Any, is_error: bool, expanded: bool) -> str:
    """The result, as the screen shows it."""
    return f"{'no' if is_error else 'yes'}: {text}"


def extension(pi: Pi) -> None:
    pi.register_tool(CarefulWrite(), replace=True, render_call=draw_call, render_result=draw_result)
