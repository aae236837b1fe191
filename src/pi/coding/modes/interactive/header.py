"""What stands at the top: version, what was loaded, and what to do when nothing is set up. Pure."""

from collections.abc import Callable, Collection, Sequence

from pi.coding.api.setup import ResourceInfo, Resources
from pi.coding.modes.interactive.lines import Line

__all__ = ["first_line", "loaded_lines", "welcome"]

Style = Callable[[str], str]

_NAMES_SHOWN = 6


def first_line(version: str, style: Style, width: int) -> list[Line]:
    """The program's name and the keys that one has to know, as many as `width` has room for."""
    text = f" {version}"
    for key in ("/ commands", "! shell", "@ files", "esc stops", "ctrl+d quits", "/hotkeys"):
        if len(text) + len(key) + 5 > width:
            break
        text += f" · {key}"
    return [[(f"{style('accent')} bold", "pi"), (style("dim"), text)]]


def loaded_lines(
    resources: Resources, model: str, style: Style, broken: Collection[str] = ()
) -> list[Line]:
    """The model, and what was found, one line a kind; nothing for what there is none of.

    broken: paths of what was found and cannot be used.
    """
    kinds: tuple[tuple[str, Sequence[ResourceInfo]], ...] = (
        ("context", resources.context),
        ("skills", resources.skills),
        ("prompts", resources.prompts),
        ("extensions", [r for r in resources.extensions if r.scope != "pi"]),
        ("themes", [r for r in resources.themes if r.scope != "pi" and r.path not in broken]),
    )
    dim, muted = style("dim"), style("muted")
    lines: list[Line] = [[(dim, "model: "), (muted, model)]]
    for kind, found in kinds:
        if found:
            names = ", ".join(item.name for item in found[:_NAMES_SHOWN])
            more = f" and {len(found) - _NAMES_SHOWN} more" if len(found) > _NAMES_SHOWN else ""
            lines.append([(dim, f"{kind}: "), (muted, names + more)])
    if broken:
        lines.append([(style("warning"), f"not a theme: {', '.join(sorted(broken))}")])
    if resources.held_back:
        waiting = ", ".join(resources.held_back[:_NAMES_SHOWN])
        text = f"not trusted yet, not loaded: {waiting} (/trust)"
        lines.append([(style("warning"), text)])
    return lines


def welcome(style: Style, width: int) -> list[Line]:
    """What to do when no model can be used, in lines of at most `width` cells."""
    from textwrap import wrap  # only the first start needs it

    accent, muted = style("accent"), style("muted")
    rows = (
        ("/login", "sign in with a subscription, or store an API key"),
        (
            "a key",
            "export ANTHROPIC_API_KEY=… (OPENAI_API_KEY, GEMINI_API_KEY, …), then start again",
        ),
        ("a server", "start Ollama, LM Studio, llama.cpp or vLLM here, then /model"),
        ("pi --model demo", "see it at work first, without any model"),
    )
    lines: list[Line] = [[]]
    lines += [
        [("", part)]
        for part in wrap("Welcome. No model can be used yet; any of these will do:", width)
    ]
    indent = 18 if width > 50 else 4
    for name, text in rows:
        parts = wrap(text, max(8, width - indent))
        if indent == 4:
            lines.append([(accent, f"  {name}")])
        else:
            lines.append([(accent, f"  {name:<16}"), (muted, parts.pop(0))])
        lines += [[("", " " * indent), (muted, part)] for part in parts]
    return lines
