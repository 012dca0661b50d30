"""``python -m ui.screenshots docs/images``: pictures of the page in both themes, of the shop after a few mishaps."""

from pathlib import Path
from typing import Annotated, Final

import typer

from lab import Operator, sessions
from lab.report import say
from ui.browsing import THEMES, launched
from ui.page import Page
from ui.parts import settled
from ui.pictures import SIZE, take
from ui.serving import served
from ui.shop import BAD_IMAGE, NAME, NAMESPACE, Shop

_HERE: Final = f"{NAMESPACE}/{NAME}"
VIEWS: Final = {
    "tree": f"/tree/{_HERE}",
    "stack": f"/stack/{_HERE}?of={_HERE}",
    "route": f"/way/{_HERE}?host=shop.example&path=/catalog/pricing/today&of={_HERE}",
    "networks": f"/networks/{_HERE}?of={_HERE}",
    "timeline": f"/timeline/{_HERE}?of={_HERE}",
}


def main(folder: Annotated[Path, typer.Argument(help="Where the pictures are written to.")]) -> None:
    """Take all pictures."""
    with sessions.of_program("pictures", tell=say) as plane:
        operator = Operator(plane)
        operator.install()
        operator.start()
        _tell_a_story(Shop(plane))
        with launched() as browser, served(plane.kubeconfig, "--allow-actions") as serving:
            _take(Page(serving, browser), folder)
        operator.stop()


def _tell_a_story(shop: Shop) -> None:
    """A release, one that is rolled back, and an image that is missing deep in the tree."""
    shop.apply()
    shop.until_ready()
    kept = {"updateConfig": {"failureAction": "rollback", "monitor": "2s"}}
    shop.patch({"services": {"frontend": {"deploy": kept}}})
    shop.until_ready()
    shop.patch({"images": {"shop_web": "docker.io/traefik/whoami:v1.11.0"}})
    shop.until_ready()
    shop.patch({"images": {"shop_frontend": BAD_IMAGE}})
    shop.until("rolled back", lambda stalled: stalled.get("reason") == "RolledBack", "Stalled")
    shop.patch({"images": {"shop_pricing_engine": BAD_IMAGE}})
    shop.until_of("shop-catalog-pricing", "trouble", lambda ready: "engine" in ready.get("message", ""))


def _take(page: Page, folder: Path) -> None:
    for theme in THEMES:
        for name, path in VIEWS.items():
            with page.visit(path, size=SIZE, theme=theme) as visit:
                settled(visit.page)
                take(visit.page, folder, name, theme)


if __name__ == "__main__":
    typer.run(main)
