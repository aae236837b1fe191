"""What a user can set, as one frozen object: defaults < user < project < flags.

Every established key has a field here, in camelCase in the file; `pi.coding.settings_file` reads
and saves the files. Times are in milliseconds, as in the files. None means that nothing was set and
the program decides.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct

from pi.ai.model import ThinkingLevel
from pi.ai.places import agent_dir, expand

__all__ = [
    "NEEDS_TRUST",
    "USER_ONLY",
    "BranchSummarySettings",
    "BudgetSettings",
    "CodemodeSettings",
    "CompactionOverride",
    "CompactionSettings",
    "ImageSettings",
    "MarkdownSettings",
    "PackageSource",
    "ProviderRetrySettings",
    "RetrySettings",
    "Settings",
    "TerminalSettings",
    "WarningSettings",
    "agent_dir",
    "expand",
    "session_dir",
]

USER_ONLY: tuple[str, ...] = (
    "cacheWarming",
    "defaultProjectTrust",
    "deviceId",
    "httpProxy",
    "selfUpdateCommand",
    "trackingId",
)
"""Keys that no project may set."""

NEEDS_TRUST: tuple[str, ...] = (
    "accounts",
    "budget",
    "codemode",
    "defaultTools",
    "enableAnalytics",
    "enableInstallTelemetry",
    "extensions",
    "externalEditor",
    "npmCommand",
    "packages",
    "prompts",
    "sessionDir",
    "sessionShareDestination",
    "shellCommandPrefix",
    "shellPath",
    "skills",
    "themes",
)
"""Keys that run code, load code, send data away or spend money: a project may set them once it is
trusted."""

Count = Annotated[int, Meta(ge=0)]
Dollars = Annotated[float, Meta(gt=0)]
Timeout = Count | Literal["disabled"]
QueueMode = Literal["all", "one-at-a-time"]


class CompactionOverride(Struct, frozen=True, rename="camel"):
    """Token settings for one model."""

    reserve_tokens: Count | None = None
    keep_recent_tokens: Count | None = None


class CompactionSettings(Struct, frozen=True, rename="camel"):
    """When history is summarised, and what stays. Overrides are by `provider/model`."""

    enabled: bool = True
    reserve_tokens: Count = 16384
    keep_recent_tokens: Count = 20000
    model_overrides: dict[str, CompactionOverride] = {}


class BranchSummarySettings(Struct, frozen=True, rename="camel"):
    """Summaries of branches that are left."""

    reserve_tokens: Count = 16384
    skip_prompt: bool = False


class ProviderRetrySettings(Struct, frozen=True, rename="camel"):
    """Retries of one request. A longer wait than `max_retry_delay_ms` is an error; 0: no limit."""

    timeout_ms: Count | None = None
    max_retries: Count = 0
    max_retry_delay_ms: Count = 60_000


class BudgetSettings(Struct, frozen=True, rename="camel"):
    """US dollars that may be spent: in one session, on one day, in one project ever."""

    session: Dollars | None = None
    day: Dollars | None = None
    project: Dollars | None = None


class RetrySettings(Struct, frozen=True, rename="camel"):
    """Retries of an answer that failed."""

    enabled: bool = True
    max_retries: Count = 3
    base_delay_ms: Count = 2000
    max_agent_delay_ms: Count = 60_000
    provider: ProviderRetrySettings = ProviderRetrySettings()


class TerminalSettings(Struct, frozen=True, rename="camel"):
    """What the terminal can do and shall do."""

    show_images: bool = True
    image_width_cells: Annotated[int, Meta(ge=1)] = 60
    clear_on_shrink: bool | None = None
    show_terminal_progress: bool = False
    notify: Literal["auto", "bell", "off"] = "auto"
    hyperlinks: bool | Literal["auto"] = "auto"
    images: bool | Literal["kitty", "iterm2", "auto"] = "auto"
    true_color: bool | Literal["auto"] = "auto"


class ImageSettings(Struct, frozen=True, rename="camel"):
    """Images for models."""

    auto_resize: bool = True
    block_images: bool = False


class MarkdownSettings(Struct, frozen=True, rename="camel"):
    """How answers are rendered."""

    code_block_indent: str = "  "
    mermaid: Literal["off", "final", "streaming"] = "streaming"


class WarningSettings(Struct, frozen=True, rename="camel"):
    """Warnings that can be switched off."""

    anthropic_extra_usage: bool = True


class CodemodeSettings(Struct, frozen=True, rename="camel"):
    """How scripts of the model present tools."""

    mode: Literal["on", "only"] = "on"
    inline_budget: Count = 3000


class PackageSource(Struct, frozen=True, rename="camel"):
    """A package of which only some resources are loaded."""

    source: str
    autoload: bool = True
    extensions: tuple[str, ...] | None = None
    skills: tuple[str, ...] | None = None
    prompts: tuple[str, ...] | None = None
    themes: tuple[str, ...] | None = None


class Settings(Struct, frozen=True, rename="camel", kw_only=True):
    """All settings. What each means:
    https://github.com/earendil-works/pi/blob/main/packages/coding-agent/docs/settings.md
    """

    # model and thinking
    default_provider: str | None = None
    default_model: str | None = None
    default_thinking_level: ThinkingLevel = "medium"
    model_thinking_levels: dict[str, ThinkingLevel] = {}
    thinking_budgets: dict[ThinkingLevel, Count] = {}
    enabled_models: tuple[str, ...] | None = None
    hide_thinking_block: bool = False
    show_cache_miss_notices: bool = False
    cache_warming: Literal["off", "streaming", "idle"] = "idle"

    # credentials: provider to the stored account to use
    accounts: dict[str, str] = {}

    # interaction
    steering_mode: QueueMode = "one-at-a-time"
    follow_up_mode: QueueMode = "one-at-a-time"
    external_editor: str | None = None
    double_escape_action: Literal["tree", "fork", "none"] = "tree"
    tree_filter_mode: Literal["default", "no-tools", "user-only", "labeled-only", "all"] = "default"
    default_project_trust: Literal["ask", "always", "never"] = "ask"

    # tools
    default_tools: tuple[str, ...] | None = None
    codemode: CodemodeSettings = CodemodeSettings()

    # sessions and context
    session_dir: str | None = None
    session_share_destination: Literal["auto", "gist", "radius"] = "auto"
    compaction: CompactionSettings = CompactionSettings()
    branch_summary: BranchSummarySettings = BranchSummarySettings()
    budget: BudgetSettings = BudgetSettings()

    # terminal and display
    theme: str = "system"
    quiet_startup: bool | Literal["header"] = False
    tui_mode: Literal["regular", "fullscreen"] = "fullscreen"
    fullscreen_exit_output: Literal["transcript", "resume-hint"] = "transcript"
    fullscreen_scrollbar: Literal["auto", "always", "hidden"] = "auto"
    fullscreen_copy_on_select: bool = True
    fullscreen_wheel_scroll_lines: Annotated[int, Meta(ge=1, le=100)] | Literal["auto"] = "auto"
    editor_padding_x: Annotated[int, Meta(ge=0, le=3)] = 0
    output_pad: Literal[0, 1] = 1
    autocomplete_max_visible: Annotated[int, Meta(ge=3, le=20)] = 5
    show_hardware_cursor: bool | None = None
    terminal: TerminalSettings = TerminalSettings()
    images: ImageSettings = ImageSettings()
    markdown: MarkdownSettings = MarkdownSettings()

    # network and retries
    transport: Literal["auto", "sse", "websocket", "websocket-cached"] = "auto"
    http_proxy: str | None = None
    http_idle_timeout_ms: Timeout = 300_000
    websocket_connect_timeout_ms: Timeout = 15_000
    retry: RetrySettings = RetrySettings()

    # shell
    shell_path: str | None = None
    shell_command_prefix: str | None = None
    npm_command: tuple[str, ...] | None = None
    self_update_command: tuple[str, ...] | None = None

    # resources; paths are absolute once loaded, patterns keep their `!`, `+` or `-`
    packages: tuple[str | PackageSource, ...] = ()
    extensions: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    prompts: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    enable_skill_commands: bool = True

    # updates, telemetry, warnings
    collapse_changelog: bool = False
    enable_install_telemetry: bool = True
    enable_analytics: bool = False
    last_changelog_version: str | None = None
    extension_changelog_versions: dict[str, str] = {}
    tracking_id: str | None = None
    device_id: str | None = None
    warnings: WarningSettings = WarningSettings()


def session_dir(
    settings: Settings, env: Mapping[str, str], cwd: Path, *, flag: str | None = None
) -> Path | None:
    """The folder for all sessions that the user chose; None for one folder for each project."""
    chosen = flag or env.get("PI_CODING_AGENT_SESSION_DIR") or settings.session_dir
    return Path(os.path.abspath(cwd / expand(chosen, env))) if chosen else None  # noqa: PTH100
