"""The control API that all twins share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from connectors.sandbox.twin import Control, Twin
from tests.served import DEADLINE_S, Host, served_session, serving

served: list[str] = []


async def work(request: Request) -> Response:
    served.append(request.url.path)
    return PlainTextResponse("done")


def create() -> Twin:
    return Twin("any", Control(Starlette(routes=[Route("/job", work)]), []), lambda base: {"base": base})


@pytest.fixture
def host() -> Iterator[Host]:
    served.clear()
    with serving(create) as host:
        yield host


def arm(host: Host, **fault: Any) -> None:
    requests.post(f"{host.base}/__sandbox/faults", json=fault, timeout=DEADLINE_S).raise_for_status()


@pytest.mark.parametrize(("fault", "worked"), [({"drop": True}, []), ({"after": True}, ["/job"])])
def test_a_cut_connection_carries_no_byte_of_an_answer(host: Host, fault: dict[str, Any], worked: list[str]) -> None:
    arm(host, **fault)
    with served_session() as session:
        with pytest.raises(requests.ConnectionError):
            session.get(f"{host.base}/job")
        assert served == worked
        assert session.get(f"{host.base}/job").text == "done"


def test_work_may_be_done_and_the_answer_be_another(host: Host) -> None:
    arm(host, after=True, status=502, body="bad gateway")
    answer = requests.get(f"{host.base}/job", timeout=DEADLINE_S)
    assert (answer.status_code, answer.text, served) == (502, "bad gateway", ["/job"])
