"""A twin answers at once, as its users' measurements expect."""

from __future__ import annotations

import asyncio
import socket

from worker.sandbox.host import bind


def test_an_answer_in_two_pieces_does_not_wait_for_the_caller_s_acknowledgement() -> None:
    async def undelayed() -> int:
        accepted: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def met(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            option = writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            accepted.set_result(option)
            writer.close()

        listener = bind("127.0.0.1", 0)
        async with await asyncio.start_server(met, sock=listener):
            _, caller = await asyncio.open_connection(*listener.getsockname())
            option = await accepted
            caller.close()
            await caller.wait_closed()
        return option

    assert asyncio.run(asyncio.wait_for(undelayed(), 10)) != 0
