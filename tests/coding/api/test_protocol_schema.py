"""The schema that ships is made from the types, and says what it should."""

import subprocess
import sys
from typing import get_args

import pytest
from jsonschema import Draft202012Validator, ValidationError

from pi.coding.api.answers import ANSWERS
from pi.coding.api.commands import Command
from support.rpc_process import schema, validator
from support.source import SRC


def test_the_file_is_what_the_types_say() -> None:
    done = subprocess.run([sys.executable, "scripts/build_schema.py", "--check"], cwd=SRC.parent)
    assert done.returncode == 0, "run python scripts/build_schema.py"


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(schema())


def test_every_command_has_an_answer() -> None:
    assert set(get_args(Command)) == set(ANSWERS)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("RpcInput", {"type": "prompt", "message": "x", "streamingBehavior": "later"}),
        ("RpcInput", {"type": "set_thinking_level", "level": "bogus"}),
        ("RpcInput", {"type": "nothing"}),
        ("RpcInput", {"type": "fork"}),
        ("RpcOutput", {"type": "agent_settled"}),
        ("RpcOutput", {"type": "response", "command": "get_state", "success": True}),
        ("RpcOutput", {"type": "response", "command": "prompt", "success": False}),
        ("JsonOutput", {"type": "response", "command": "abort", "success": True}),
    ],
)
def test_what_is_wrong_is_refused(name: str, line: dict) -> None:
    with pytest.raises(ValidationError):
        validator(name).validate(line)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("RpcInput", {"id": 7, "type": "prompt", "message": "x", "streamingBehavior": "steer"}),
        ("RpcInput", {"type": "extension_ui_response", "id": "1", "cancelled": True}),
        ("RpcOutput", {"type": "agent_settled", "aborted": False}),
        ("RpcOutput", {"type": "response", "command": "abort", "success": True}),
        ("RpcOutput", {"type": "response", "command": "?", "success": False, "error": "e"}),
    ],
)
def test_what_is_right_is_taken(name: str, line: dict) -> None:
    validator(name).validate(line)
