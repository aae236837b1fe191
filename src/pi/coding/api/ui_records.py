"""A user interface at the other end of a pipe: what it is asked and told, and its answers.

Every request has `type`, a unique `id` and a `method`. Dialogs (select, confirm, input, editor) are
answered by one `UiResponse` with the same id; everything else is only told. Times are in ms.
"""

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from pi.coding.api.ui import NoticeLevel, WidgetPlacement

__all__ = [
    "UiConfirm",
    "UiEditor",
    "UiEditorText",
    "UiInput",
    "UiNotify",
    "UiRequest",
    "UiResponse",
    "UiSelect",
    "UiStatus",
    "UiTitle",
    "UiWidget",
]


class _Request(Struct, frozen=True, tag_field="method", rename="camel", kw_only=True):
    """What all requests have in common."""

    id: str
    type: Literal["extension_ui_request"] = "extension_ui_request"


class UiSelect(_Request, frozen=True, tag="select", kw_only=True):
    """Choose one of the options; answered with `value`."""

    title: str
    options: tuple[str, ...]
    timeout: int | UnsetType = UNSET


class UiConfirm(_Request, frozen=True, tag="confirm", kw_only=True):
    """Yes or no; answered with `confirmed`."""

    title: str
    message: str
    timeout: int | UnsetType = UNSET


class UiInput(_Request, frozen=True, tag="input", kw_only=True):
    """Write a line; answered with `value`. `secret`: it must not be shown while it is typed."""

    title: str
    placeholder: str | UnsetType = UNSET
    secret: bool | UnsetType = UNSET
    timeout: int | UnsetType = UNSET


class UiEditor(_Request, frozen=True, tag="editor", kw_only=True):
    """Write a text; answered with `value`."""

    title: str
    prefill: str | UnsetType = UNSET


class UiNotify(_Request, frozen=True, tag="notify", kw_only=True):
    """Show a message."""

    message: str
    notify_type: NoticeLevel = "info"


class UiStatus(_Request, frozen=True, tag="setStatus", kw_only=True):
    """Show a short text under a key; without a text it is taken away."""

    status_key: str
    status_text: str | UnsetType = UNSET


class UiWidget(_Request, frozen=True, tag="setWidget", kw_only=True):
    """Show lines under a key; without lines they are taken away."""

    widget_key: str
    widget_lines: tuple[str, ...] | UnsetType = UNSET
    widget_placement: WidgetPlacement = "aboveEditor"


class UiTitle(_Request, frozen=True, tag="setTitle", kw_only=True):
    """Name the window."""

    title: str


class UiEditorText(_Request, frozen=True, tag="set_editor_text", kw_only=True):
    """Put a text where the person writes."""

    text: str


UiRequest = (
    UiSelect
    | UiConfirm
    | UiInput
    | UiEditor
    | UiNotify
    | UiStatus
    | UiWidget
    | UiTitle
    | UiEditorText
)


class UiResponse(
    Struct, frozen=True, tag_field="type", tag="extension_ui_response", omit_defaults=True
):
    """The answer to a dialog: a value, a yes or no, or that it was given up."""

    id: str
    value: str | UnsetType = UNSET
    confirmed: bool | UnsetType = UNSET
    cancelled: bool | UnsetType = UNSET
