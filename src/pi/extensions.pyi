from pi.agent.functions import tool as tool
from pi.agent.hooks import Block as Block, Hooks as Hooks
from pi.agent.tools import (
    Tool as Tool,
    ToolContext as ToolContext,
    ToolError as ToolError,
    ToolResult as ToolResult,
)
from pi.ai.auth.base import (
    Access as Access,
    ApiKey as ApiKey,
    Credential as Credential,
    LoginFlow as LoginFlow,
    OAuth as OAuth,
)
from pi.ai.errors import AuthError as AuthError, ConfigError as ConfigError, PiError as PiError
from pi.ai.messages import (
    AssistantMessage as AssistantMessage,
    ImageContent as ImageContent,
    Message as Message,
    TextContent as TextContent,
    ToolResultMessage as ToolResultMessage,
    UserMessage as UserMessage,
)
from pi.ai.model import Model as Model, Price as Price
from pi.ai.options import Options as Options
from pi.ai.registry import Lazy as Lazy
from pi.coding.api import commands as commands
from pi.coding.api.answers import BashResult as BashResult
from pi.coding.api.front import Front as Front, Hotkey as Hotkey
from pi.coding.api.picking import (
    Choice as Choice,
    PickAction as PickAction,
    PickList as PickList,
    Picked as Picked,
)
from pi.coding.api.setup import Completion as Completion
from pi.coding.api.ui import UserInterface as UserInterface
from pi.coding.extensions.events import (
    EVENTS as EVENTS,
    AfterProviderResponse as AfterProviderResponse,
    BeforeAgentStart as BeforeAgentStart,
    BeforeProviderHeaders as BeforeProviderHeaders,
    BeforeProviderRequest as BeforeProviderRequest,
    Cancel as Cancel,
    ContextEvent as ContextEvent,
    Discovered as Discovered,
    Handled as Handled,
    Input as Input,
    ModelSelect as ModelSelect,
    Note as Note,
    Patch as Patch,
    ProjectTrust as ProjectTrust,
    ProviderStreamEvent as ProviderStreamEvent,
    ResourcesDiscover as ResourcesDiscover,
    SessionBeforeCompact as SessionBeforeCompact,
    SessionBeforeFork as SessionBeforeFork,
    SessionBeforeSwitch as SessionBeforeSwitch,
    SessionBeforeTree as SessionBeforeTree,
    SessionCompact as SessionCompact,
    SessionShutdown as SessionShutdown,
    SessionStart as SessionStart,
    SessionTree as SessionTree,
    StartWith as StartWith,
    Summary as Summary,
    ThinkingLevelSelect as ThinkingLevelSelect,
    ToolCallEvent as ToolCallEvent,
    ToolResultEvent as ToolResultEvent,
    UiPromptEnd as UiPromptEnd,
    UiPromptStart as UiPromptStart,
    UserBash as UserBash,
)
from pi.coding.extensions.surface import Context as Context, Mode as Mode, Pi as Pi
