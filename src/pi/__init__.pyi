"""Types of the lazily loaded public names; `tests/test_public_names.py` keeps both alike."""

from pi import rpc as rpc
from pi.agent.agent import Agent as Agent
from pi.agent.functions import tool as tool
from pi.agent.hooks import Block as Block
from pi.agent.hooks import Hooks as Hooks
from pi.agent.tools import Tool as Tool
from pi.agent.tools import ToolContext as ToolContext
from pi.agent.tools import ToolError as ToolError
from pi.agent.tools import ToolResult as ToolResult
from pi.ai.blocking import BlockingClient as BlockingClient
from pi.ai.blocking import BlockingStream as BlockingStream
from pi.ai.catalog import Catalog as Catalog
from pi.ai.client import Client as Client
from pi.ai.client import Stream as Stream
from pi.ai.client import transports as transports
from pi.ai.errors import AbortedError as AbortedError
from pi.ai.errors import AuthError as AuthError
from pi.ai.errors import ConfigError as ConfigError
from pi.ai.errors import ContextOverflowError as ContextOverflowError
from pi.ai.errors import ErrorInfo as ErrorInfo
from pi.ai.errors import OverloadedError as OverloadedError
from pi.ai.errors import PiError as PiError
from pi.ai.errors import ProtocolError as ProtocolError
from pi.ai.errors import QuotaError as QuotaError
from pi.ai.errors import RateLimitError as RateLimitError
from pi.ai.errors import RefusedError as RefusedError
from pi.ai.errors import TransportError as TransportError
from pi.ai.events import Event as Event
from pi.ai.events import Fold as Fold
from pi.ai.messages import AssistantMessage as AssistantMessage
from pi.ai.messages import Context as Context
from pi.ai.messages import Cost as Cost
from pi.ai.messages import ImageContent as ImageContent
from pi.ai.messages import Message as Message
from pi.ai.messages import TextContent as TextContent
from pi.ai.messages import ThinkingContent as ThinkingContent
from pi.ai.messages import ToolCall as ToolCall
from pi.ai.messages import ToolDefinition as ToolDefinition
from pi.ai.messages import ToolResultMessage as ToolResultMessage
from pi.ai.messages import Usage as Usage
from pi.ai.messages import UserMessage as UserMessage
from pi.ai.model import Model as Model
from pi.ai.model import Price as Price
from pi.ai.options import Options as Options
from pi.coding.sdk import BlockingSession as BlockingSession
from pi.coding.sdk import Session as Session

__version__: str
__all__: list[str]
