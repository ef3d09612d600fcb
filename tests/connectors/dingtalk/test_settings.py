"""A wrong setting is told when it is read, and never with the token in the text."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from connectors import dingtalk
from connectors.dingtalk import CONNECTOR
from connectors.dingtalk.settings import Quota, RobotSettings, Timeouts
from tests.connectors.dingtalk.scripted import WEBHOOK, settings


def test_the_defaults_are_what_dingtalk_documents() -> None:
    quota = settings().quota
    assert (quota.limit, quota.window.total_seconds(), quota.block.total_seconds()) == (20, 60, 600)
    assert settings().idempotency


def test_durations_have_units() -> None:
    quota = settings(quota={"limit": 5, "window": "2s", "block": "3m"}).quota
    assert (quota.limit, quota.window.total_seconds(), quota.block.total_seconds()) == (5, 2, 180)
    with pytest.raises(ValidationError, match="with its unit"):
        settings(quota={"window": "2"})


@pytest.mark.parametrize(
    "webhook",
    [
        WEBHOOK,
        "https://oapi.dingtalk.io/robot/send?access_token=t0k3n",
        "http://127.0.0.1:8025/robot/send?access_token=t0k3n",
        f"{WEBHOOK}&timestamp=1&sign=old",
    ],
)
def test_webhooks_that_are_taken(webhook: str) -> None:
    assert settings(webhook=webhook).token == "t0k3n"


@pytest.mark.parametrize(
    "webhook",
    [
        "http://oapi.dingtalk.com/robot/send?access_token=t0k3n",
        "https://oapi.dingtalk.com.example.com/robot/send?access_token=t0k3n",
        "https://api.dingtalk.com/robot/send?access_token=t0k3n",
        "https://oapi.dingtalk.com/robot/send?token=t0k3n",
        "https://oapi.dingtalk.com/robot/send?access_token=",
        "https://oapi.dingtalk.com/robot/send?access_token=a&access_token=t0k3n",
        "https://oapi.dingtalk.com/topapi/message?access_token=t0k3n",
        "https://oapi.dingtalk.com@127.0.0.1/robot/send?access_token=t0k3n",
        "t0k3n",
    ],
)
def test_webhooks_that_are_refused_without_showing_the_token(webhook: str) -> None:
    with pytest.raises(ValidationError) as caught:
        settings(webhook=webhook)
    assert "t0k3n" not in str(caught.value)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "card"},
        {"secret": "  "},
        {"keyword": ""},
        {"quota": {"limit": 0}},
        {"quota": {"window": "0s"}},
        {"timeouts": {"read": 0}},
        {"retries": 3},
    ],
)
def test_other_mistakes_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        settings(**wrong)


def test_secrets_are_masked() -> None:
    shown = repr(settings(secret="SECabc"))
    assert "t0k3n" not in shown
    assert "SECabc" not in shown


@pytest.mark.parametrize("model", [RobotSettings, Quota, Timeouts])
def test_every_setting_is_described_and_frozen(model: type[BaseModel]) -> None:
    assert [name for name, field in model.model_fields.items() if not field.description] == []
    assert model.model_config["frozen"]
    assert CONNECTOR.settings.model_validate({"kind": "robot", "webhook": WEBHOOK}).model_dump()["kind"] == "robot"


def test_every_setting_is_in_the_readme() -> None:
    readme = (Path(dingtalk.__file__).parent / "README.md").read_text(encoding="utf-8")
    names = [name for name in RobotSettings.model_fields if name not in {"quota", "timeouts"}]
    names += [f"quota.{name}" for name in Quota.model_fields]
    names += [f"timeouts.{name}" for name in Timeouts.model_fields]
    assert [name for name in names if f"| `{name}` |" not in readme] == []
