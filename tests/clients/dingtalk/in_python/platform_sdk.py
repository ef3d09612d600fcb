"""Calls of the new host by the platform's SDK, each as its documentation shows, with a request as plain data."""

from __future__ import annotations

import os
from typing import Any

from acts import play  # type: ignore[import-not-found]  # it lies beside this script
from alibabacloud_dingtalk.card_1_0 import (  # type: ignore[import-not-found]  # it lives in an environment of its own
    client as card,
)
from alibabacloud_dingtalk.card_1_0 import models as card_models
from alibabacloud_dingtalk.oauth2_1_0 import (  # type: ignore[import-not-found]  # likewise
    client as oauth2,
)
from alibabacloud_dingtalk.oauth2_1_0 import models as oauth2_models
from alibabacloud_dingtalk.robot_1_0 import (  # type: ignore[import-not-found]  # likewise
    client as robot,
)
from alibabacloud_dingtalk.robot_1_0 import models as robot_models
from alibabacloud_dingtalk.workflow_1_0 import (  # type: ignore[import-not-found]  # likewise
    client as workflow,
)
from alibabacloud_dingtalk.workflow_1_0 import models as workflow_models
from alibabacloud_tea_openapi.models import Config  # type: ignore[import-not-found]  # likewise
from alibabacloud_tea_util.models import RuntimeOptions  # type: ignore[import-not-found]  # likewise

CALLS = {
    "batch_send_otowith_options": (robot, robot_models, "BatchSendOTO"),
    "org_group_send_with_options": (robot, robot_models, "OrgGroupSend"),
    "create_and_deliver_with_options": (card, card_models, "CreateAndDeliver"),
    "update_card_with_options": (card, card_models, "UpdateCard"),
    "start_process_instance_with_options": (workflow, workflow_models, "StartProcessInstance"),
    "get_process_instance_with_options": (workflow, workflow_models, "GetProcessInstance"),
    "list_process_instance_ids_with_options": (workflow, workflow_models, "ListProcessInstanceIds"),
    "execute_process_instance_with_options": (workflow, workflow_models, "ExecuteProcessInstance"),
}


def _config(endpoint: str) -> Any:
    if endpoint:
        return Config(protocol="http", region_id="central", endpoint=endpoint)
    # the vendor's own; this SDK does not look for certificates in the environment
    return Config(protocol="https", region_id="central", ca=os.environ["REQUESTS_CA_BUNDLE"])


def get_access_token(key: str, secret: str, endpoint: str = "") -> Any:
    asked = oauth2_models.GetAccessTokenRequest(app_key=key, app_secret=secret)
    return oauth2.Client(_config(endpoint)).get_access_token(asked).body.to_map()


def get_token(company: str, request: dict[str, Any], endpoint: str) -> Any:
    asked = oauth2_models.GetTokenRequest().from_map(request)
    return oauth2.Client(_config(endpoint)).get_token(company, asked).body.to_map()


def call(method: str, request: dict[str, Any], token: str, endpoint: str) -> Any:
    module, models, name = CALLS[method]
    headers = getattr(models, f"{name}Headers")(x_acs_dingtalk_access_token=token)
    asked = getattr(models, f"{name}Request")().from_map(request)
    reply = getattr(module.Client(_config(endpoint)), method)(asked, headers, RuntimeOptions())
    return reply.body.to_map()


if __name__ == "__main__":
    play(get_access_token, get_token, call)
