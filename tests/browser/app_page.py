"""What tests do on every page."""

from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Locator, Page


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
