"""TCP links between the processes of a history, which can be cut, held silent, or slowed down."""
import asyncio
import contextlib
import threading

READ_BYTES = 1 << 16


class Link:
    """One listening port; what connects there is passed on to wherever the target is at that moment.

    `mode` is "open", "cut" (connections are reset, new ones too) or "silent" (nothing arrives, nothing is refused); each
    piece that passes waits for `delay` seconds before.
    """

    def __init__(self, target):
        self._target = target
        self.mode, self.delay, self.port = "open", 0.0, None
        self._writers = set()

    async def listen(self, host):
        server = await asyncio.start_server(self._accept, host, 0)
        self.port = server.sockets[0].getsockname()[1]

    async def _accept(self, reader, writer):
        target = self._target()
        if self.mode == "cut" or target is None:
            return writer.transport.abort()
        try:
            far_reader, far_writer = await asyncio.open_connection(*target)
        except OSError:
            return writer.transport.abort()
        both = {writer, far_writer}
        self._writers |= both
        pumps = [asyncio.ensure_future(self._pump(reader, far_writer)), asyncio.ensure_future(self._pump(far_reader, writer))]
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        for pump in pumps:
            pump.cancel()
        for end in both:
            end.transport.abort()
        self._writers -= both

    async def _pump(self, reader, writer):
        with contextlib.suppress(OSError):
            while data := await reader.read(READ_BYTES):
                if self.delay:
                    await asyncio.sleep(self.delay)
                while self.mode == "silent":
                    await asyncio.sleep(0.02)
                writer.write(data)
                await writer.drain()

    def reset(self):
        for writer in list(self._writers):
            writer.transport.abort()


class Proxies:
    """The links of one history, on a thread of their own. set() may be called by any thread."""

    def __init__(self):
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def link(self, target, host="127.0.0.1"):
        link = Link(target)
        asyncio.run_coroutine_threadsafe(link.listen(host), self._loop).result(10)
        return link

    def set(self, link, mode="open", delay=0.0):
        def apply():
            link.mode, link.delay = mode, delay
            if mode == "cut":
                link.reset()
        self._loop.call_soon_threadsafe(apply)

    def close(self):
        async def end():
            for task in asyncio.all_tasks():
                if task is not asyncio.current_task():
                    task.cancel()
        with contextlib.suppress(Exception):
            asyncio.run_coroutine_threadsafe(end(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        if not self._thread.is_alive():
            self._loop.close()
