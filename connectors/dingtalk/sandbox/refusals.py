"""What `/robot/send` answers when it refuses: codes and texts, always inside HTTP 200.

Codes and texts: https://open.dingtalk.com/document/development/custom-robots-send-group-messages and, for what that
page leaves out, https://open.dingtalk.com/document/development/server-api-error-codes-1
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec

from connectors.dingtalk.sandbox.switches import Switches

_MORE = ", more: [https://ding-doc.dingtalk.com/doc#/serverapi2/qf2nxq]"
_LINK = "link:请参考本接口对应文档获得具体要求，或者在https://open.dingtalk.com/document/  搜索相关文档;"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One refusal: `says` is the documented text, `described` the newer Chinese form of it."""

    errcode: int
    says: str
    described: str = ""
    english: bool = False


OK = 0
BUSY = Refusal(-1, "系统繁忙")
NO_JSON = Refusal(40035, "缺少参数 json")
NOT_POST = Refusal(43002, "需要POST请求")
CONTENT_TYPE = Refusal(43004, "无效的HTTP HEADER Content-Type")
MONTHLY_QUOTA = Refusal(90030, "webhook over limit")
TOO_FAST = Refusal(130101, "send too fast, exceed 20 times per minute")
THROTTLED = Refusal(410100, "发送速度太快而限流", "description:发送速度太快而限流;solution:请降低发送速度;")
KEYWORDS = Refusal(
    310000,
    "keywords not in content",
    "description:关键词不匹配;solution:请联系群管理员查看此机器人的关键词，并在发送的信息中包含此关键词;",
    english=True,
)
TIMESTAMP = Refusal(
    310000,
    "invalid timestamp",
    "description:机器人发送签名过期;solution:签名生成时间和发送时间请保持在 timestampms 以内;" + _LINK,
    english=True,
)
SIGN = Refusal(
    310000,
    "sign not match",
    "description:机器人发送签名不匹配;"
    "solution:请确认签名和生成签名的时间戳必须都放在调用的网址中，请确认机器人的密钥加密和填写正确;" + _LINK,
    english=True,
)
ADDRESS = Refusal(
    310000,
    "ip {ip} not in whitelist",
    "description:ip 不在白名单中;solution:请联系对应群的管理员，设置机器人安全ip地址段;",
    english=True,
)
DISBANDED = Refusal(400013, "群已被解散")
NO_TOKEN = Refusal(400101, "access_token不存在")
OLD_NO_TOKEN = "token is not exist"
DISABLED = Refusal(400102, "机器人已停用")
MSGTYPE = Refusal(400105, "不支持的消息类型")
REMOVED = Refusal(400106, "机器人不存在")
UNSUITABLE = Refusal(430102, "含有不合适的文本")
TOO_LONG = Refusal(
    460101,
    "message too long, exceed 20000 bytes",
    "description: body 大小不合法;solution:请保持大小在 20000bytes 以内;",
)

DOCUMENTED = {
    refusal.errcode: refusal
    for refusal in (
        BUSY, NO_JSON, CONTENT_TYPE, MONTHLY_QUOTA, TOO_FAST, THROTTLED, DISBANDED, NO_TOKEN,
        DISABLED, MSGTYPE, REMOVED, UNSUITABLE, TOO_LONG, SIGN,
    )
}  # fmt: skip


def address_refused(ip: str) -> Refusal:
    """Return the refusal for a caller whose address is not listed."""
    return replace(ADDRESS, says=ADDRESS.says.format(ip=ip))


def missing(field: str, switches: Switches) -> Refusal:
    """Return the refusal for a message without `field` (such as `markdown.title`)."""
    if switches.missing_field == 40035:
        return NO_JSON
    name = field.replace(".", " --》 ")
    # A-DINGTALK-6: seen in the field, on no page
    text = f"错误描述:参数 {name} 缺失，或者参数格式不正确; 解决方案:请填充上对应参数;"
    return Refusal(switches.missing_field, text)


def body_of(refusal: Refusal, switches: Switches) -> bytes:
    """Return the JSON body of a refusal in the wording that the switches name."""
    text = refusal.says
    if switches.wording == "described" and refusal.described:
        text = refusal.described
    elif switches.wording == "more" and refusal.english:
        text += _MORE
    errcode = str(refusal.errcode) if switches.errcode_as_string else refusal.errcode
    return msgspec.json.encode({"errcode": errcode, "errmsg": text})


def ok_body(switches: Switches) -> bytes:
    """Return the body of a success."""
    return b'{"errcode":"0","errmsg":"ok"}' if switches.errcode_as_string else b'{"errcode":0,"errmsg":"ok"}'
