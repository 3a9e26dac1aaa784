"""What tests do on every page."""

from urllib.parse import parse_qs, urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page


def serious(page: Page) -> list[tuple[str, list[str]]]:
    """What axe finds serious or critical: the rule, and the elements that break it."""
    return [
        (violation["id"], [node["html"][:160] for node in violation["nodes"]])
        for violation in Axe().run(page).response["violations"]
        if violation["impact"] in ("serious", "critical")
    ]


class AppPage:
    """A page with the controls."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @property
    def link(self) -> dict[str, str]:
        """The parameters in the address bar."""
        return {k: v[0] for k, v in parse_qs(urlsplit(self.page.url).query).items()}

    def control(self, name: str) -> Locator:
        return self.page.locator(f'[id=\'{{"name":"{name}","type":"param"}}\']')

    def thumb(self, name: str) -> Locator:
        slider = self.page.locator(f'[id=\'{{"name":"{name}","type":"slider"}}\']')
        return slider.get_by_role("slider")

    def field(self, name: str) -> Locator:
        return self.page.locator(f'[id=\'{{"name":"{name}","type":"field"}}\']')

    def text(self, name: str) -> str:
        return self.page.locator(f"#{name}").inner_text()
