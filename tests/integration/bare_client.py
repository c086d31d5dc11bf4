"""What a QuickBooks client needs around it, where nothing but its answers is at issue."""

from qbdesk.sync.quickbooks.limits import RequestKind


class Clock:
    now = 0.0

    def time(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


class NoLog:
    def recent(self, since: float) -> list[tuple[float, RequestKind]]:
        return []

    def add(self, at: float, kind: RequestKind) -> None:
        pass


class Tokens:
    async def access_token(self) -> str:
        return "access"

    async def refused(self, token: str) -> None:
        pass
