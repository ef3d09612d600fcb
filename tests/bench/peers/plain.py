"""The plain relay: a web hook that publishes one Celery task an event, and 16 threads that post with requests.

`uvicorn tests.bench.peers.plain:hooks` and `celery -A tests.bench.peers.plain worker -P threads -c 16`; what the
broker holds is lost with it.
"""

from __future__ import annotations

import os
import threading
from typing import Any

import requests
from celery import Celery
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.bench.peers.message import genuine, message, signed

THREADS = 16
app = Celery("plain", broker=os.environ.get("PLAIN_BROKER"))
app.conf.update(task_ignore_result=True, worker_hijack_root_logger=False)
_mine = threading.local()


def relay(body: str) -> None:
    told = message(body)
    if told is None:
        return
    if not hasattr(_mine, "session"):
        _mine.session = requests.Session()
    answer = _mine.session.post(signed(), data=told, headers={"Content-Type": "application/json"}, timeout=10)
    if answer.json()["errcode"] != 0:
        raise RuntimeError("the sink refused")


task: Any = app.task(name="relay")(relay)


async def hook(request: Request) -> Response:
    body = await request.body()
    if not genuine(request.headers.get("x-signature", ""), body):
        return Response(status_code=401)
    # in the loop, which spares a thread for each publication
    task.delay(body.decode())
    return Response(b"ok")


hooks = Starlette(routes=[Route("/hooks/shop", hook, methods=["POST"])])
