"""The settings of an enterprise application, and of the destinations that it can send to."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, Field, SecretStr, StringConstraints, field_validator, model_validator

from connectors.dingtalk.app.editions import Edition, fingerprint
from connectors.dingtalk.settings import STRICT, Timeouts
from connectors.settings_types import is_loopback, loopback_or_https

MOST_USERS = 20
"""People of one robot message: https://open.dingtalk.com/document/development/chatbots-send-one-on-one-chat-messages-in-batches"""
MOST_NOTIFIED, MOST_DEPARTMENTS = 100, 20
"""https://open.dingtalk.com/document/development/asynchronous-sending-of-enterprise-session-messages"""
MOST_APPROVERS, MOST_COMPONENTS = 20, 150
"""https://open.dingtalk.com/document/development/create-an-approval-instance"""

UserId = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64, pattern=r"^[^,\s]+$")]
Number = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^-?\d{1,19}$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=256)]


class TokenCall(StrEnum):
    """Which of DingTalk's calls gives the application its access token."""

    API = "api"
    OAPI = "oapi"


def _site(value: str) -> str:
    if value in {"dingtalk.com", "dingtalk.io"}:
        return value
    if value.startswith("http") and is_loopback(urlsplit(value).hostname or ""):
        return loopback_or_https(value)
    raise ValueError("write dingtalk.com, dingtalk.io for an international organisation, or a twin on this machine")


class Application(BaseModel):
    """One enterprise application; a credential is of one region.

    https://open.dingtalk.com/document/development/obtain-the-access-token-of-an-internal-app
    """

    model_config = STRICT

    client_id: Text = Field(description="The application's Client ID (AppKey).", examples=["dingexample"])
    client_secret: SecretStr = Field(description="The application's Client Secret (AppSecret).")
    robot_code: Text | None = Field(
        default=None, description="The robotCode of the application's robot, where it is not the Client ID."
    )
    corp_id: Text | None = Field(
        default=None,
        description="The organisation's CorpId: applications that name the same one share its monthly allowance, and a "
        "press of a card that comes from another organisation is refused.",
    )
    site: Annotated[str, AfterValidator(_site)] = Field(
        default="dingtalk.com",
        description="Where the organisation lives: dingtalk.com, or dingtalk.io for international ones.",
    )
    token_call: TokenCall = Field(
        default=TokenCall.API, description="Which call gives the access token: api (v1.0) or oapi (gettoken)."
    )
    edition: Edition = Field(
        default=Edition.STANDARD, description="The organisation's edition, which decides on its allowances."
    )
    calls_a_month: int | None = Field(
        default=None, ge=1, description="Calls that the organisation may make in a month, where it bought others."
    )
    pushes_a_month: int | None = Field(
        default=None,
        ge=1,
        description="Pushes that the organisation may get in a month by Stream, callbacks and custom robots' messages "
        "together, where it bought others.",
    )
    calls_a_second: int | None = Field(
        default=None, ge=1, le=60, description="Calls of one API that this application may make in a second."
    )
    timeouts: Timeouts = Field(default=Timeouts(), description="How long one call may take.")

    @field_validator("client_secret")
    @classmethod
    def _is_secret(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().strip():
            raise ValueError("the client secret is empty: copy it from the application's credentials")
        return value

    @property
    def api(self) -> str:
        """The address of the newer calls."""
        return self.site if self.site.startswith("http") else f"https://api.{self.site}"

    @property
    def oapi(self) -> str:
        """The address of the older calls."""
        return self.site if self.site.startswith("http") else f"https://oapi.{self.site}"

    @property
    def robot(self) -> str:
        """The robotCode; that of an internal application's robot usually is its Client ID."""
        return self.robot_code or self.client_id  # A-DINGTALK-201

    @property
    def key(self) -> str:
        """A short stable name of this application for tokens and budgets, which tells nothing."""
        return fingerprint(self.site, self.client_id)

    @property
    def company(self) -> str:
        """A short stable name of the organisation; the application's own where `corp_id` is not given."""
        return fingerprint(self.site, self.corp_id or self.client_id)


class GroupSettings(BaseModel):
    """One internal group in which the application's robot is.

    https://open.dingtalk.com/document/development/the-robot-sends-a-group-message
    """

    model_config = STRICT

    kind: Literal["group"] = Field(description="The robot of an enterprise application in one group.")
    application: Application = Field(description="The application that sends.")
    conversation: Text = Field(description="The group's openConversationId.", examples=["cidExample=="])
    cool_app: Text | None = Field(
        default=None,
        description="The coolAppCode, where the application's cool app is in the group: then its members can be listed.",
    )
    chat: Text | None = Field(
        default=None,
        description="The chatid, where the application made the group itself: then its members can be listed.",
    )


class PersonSettings(BaseModel):
    """People to whom the application's robot writes one to one.

    https://open.dingtalk.com/document/development/chatbots-send-one-on-one-chat-messages-in-batches
    """

    model_config = STRICT

    kind: Literal["person"] = Field(description="The robot of an enterprise application in chats with single people.")
    application: Application = Field(description="The application that sends.")
    users: tuple[UserId, ...] = Field(
        default=(),
        max_length=MOST_USERS,
        description="User ids; each gets the message in a chat of their own. Nobody named: whom a route names.",
    )

    @field_validator("users")
    @classmethod
    def _are_different(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return _once(value)


class WorkSettings(BaseModel):
    """People and departments that get work notifications.

    https://open.dingtalk.com/document/development/asynchronous-sending-of-enterprise-session-messages
    """

    model_config = STRICT

    kind: Literal["work"] = Field(description="Work notifications of an enterprise application.")
    application: Application = Field(description="The application that sends.")
    agent_id: Number = Field(description="The application's AgentId.", examples=["123456789"])
    users: tuple[UserId, ...] = Field(
        default=(),
        max_length=MOST_NOTIFIED,
        description="User ids. Neither users nor departments: whom a route names.",
    )
    departments: tuple[Number, ...] = Field(
        default=(), max_length=MOST_DEPARTMENTS, description="Department ids; the departments below count as well."
    )

    @field_validator("users", "departments")
    @classmethod
    def _are_different(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return _once(value)


class CardSettings(BaseModel):
    """A group or a person that gets each message as an interactive card.

    https://open.dingtalk.com/document/development/create-and-deliver-cards
    """

    model_config = STRICT

    kind: Literal["card"] = Field(description="Interactive cards of an enterprise application.")
    application: Application = Field(description="The application that sends.")
    template: Text = Field(description="The id of the published card template.", examples=["example.schema"])
    conversation: Text | None = Field(default=None, description="The openConversationId of the group that gets it.")
    user: UserId | None = Field(
        default=None,
        description="The user id of the person who gets it from the robot. Neither group nor person: whom a route names.",
    )
    cool_app: Text | None = Field(
        default=None,
        description="The coolAppCode, where the application's cool app is in the group: then its members can be listed.",
    )
    chat: Text | None = Field(
        default=None,
        description="The chatid, where the application made the group itself: then its members can be listed.",
    )
    title: Text = Field(default="title", description="The template's variable for the title.")
    text: Text = Field(default="text", description="The template's variable for the text, shown as markdown.")
    link: Text = Field(default="url", description="The template's variable for the address that opens the record.")
    standing: Text = Field(
        default="standing", description="The template's variable for the line that says where a decision stands."
    )
    state: Text = Field(
        default="state",
        description="The template's variable that is `open` while somebody is to decide, else `closed`.",
    )
    may_decide: Text = Field(
        default="may_decide",
        description="The template's private variable that is `true` for whom the buttons are; they show while this is "
        "`true` and the state `open`. What stands on a button is the variable of the button's id: `approve`, `reject`.",
    )
    note: Text = Field(default="note", description="The template's private variable for what one reader alone is told.")
    quiet: bool = Field(default=False, description="Whether phones stay silent when a card comes.")
    callback_route: Text | None = Field(
        default=None,
        description="The callbackRouteKey of a registered address that presses are posted to; without it by Stream.",
    )

    @model_validator(mode="after")
    def _has_one_place(self) -> Self:
        if self.conversation is not None and self.user is not None:
            raise ValueError("name either `conversation` or `user`")
        return self


class FactPart(StrEnum):
    """What of a fact fills a component of an approval's form."""

    TITLE = "title"
    NUMBER = "number"
    TEXT = "text"
    """The whole fact, as plain text."""
    LINK = "link"


class LinePart(BaseModel):
    """One line of a fact, by its label as the destination's readers see it."""

    model_config = STRICT

    line: Text = Field(description="The line's label, in the destination's language.", examples=["Amount"])


class ApprovalSettings(BaseModel):
    """An approval template of which each fact starts one instance.

    https://open.dingtalk.com/document/development/create-an-approval-instance
    """

    model_config = STRICT

    kind: Literal["approval"] = Field(description="OA approvals, started by an enterprise application.")
    application: Application = Field(description="The application that starts them.")
    process: Text = Field(description="The approval template's processCode.", examples=["PROC-EXAMPLE"])
    originator: UserId = Field(description="The user id of the person in whose name approvals are started.")
    department: Number = Field(
        default="-1", description="The originator's department by which the template decides; -1 is the root."
    )
    approvers: tuple[UserId, ...] = Field(
        default=(),
        max_length=MOST_APPROVERS,
        description="User ids of who decides, at once; nobody named: the template says who.",
    )
    every: bool = Field(default=False, description="Whether all approvers have to agree, instead of one of them.")
    form: dict[Text, FactPart | LinePart] = Field(
        min_length=1,
        max_length=MOST_COMPONENTS,
        description="What fills the form's text components, by their labels: `title`, `number`, `text`, `link` or "
        "`{line: a line's label}`.",
        examples=[{"Order": "number", "Amount": {"line": "Amount"}, "Details": "text"}],
    )
    marker: Text = Field(
        description="The label of a text component that gets a mark such as ‹3f9ac1d2e0b4›, behind what `form` puts "
        "there: by it an approval whose start got no answer is found again."
    )

    @field_validator("approvers")
    @classmethod
    def _are_different(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return _once(value)

    @model_validator(mode="after")
    def _can_carry_the_mark(self) -> Self:
        if self.form.get(self.marker) is FactPart.LINK:
            raise ValueError("a mark behind a link spoils it: name another component as `marker`")
        return self


def _once(values: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(values)) != len(values):
        raise ValueError("an id stands here twice")
    return values
