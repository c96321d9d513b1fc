"""One URL for each kind of page that a user can reach by links."""

import re
from urllib.parse import urljoin, urlsplit

# Downloads, logout, and URLs requested by scripts.
NO_PAGES = re.compile(r"\.csv$|/export/|/logout/|/rejects/|/news/|/progress/|/jsi18n/|/static/")


def kind_of(address):
    """The URL without its variable parts."""
    return re.sub(r"/(\d+|[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32})(?=/)", "/*", urlsplit(address).path)


def find_pages(page, start="/admin/", most=3):
    """URLs (path and query) of pages, at most `most` of a kind as long as they lead to new kinds."""
    seen, waiting, found = {kind_of(start): 1}, [start], []
    while waiting:
        address = waiting.pop(0)
        response = page.request.get(address)
        if response.status != 200 or "text/html" not in response.headers.get("content-type", ""):
            continue
        if seen[kind_of(address)] == 1 or kind_of(address) not in {kind_of(each) for each in found}:
            found.append(address)
        for link in re.findall(r'href="([^"#]+)', response.text()):
            target = urlsplit(urljoin(response.url, link.replace("&amp;", "&")))
            if target.netloc != urlsplit(response.url).netloc or NO_PAGES.search(target.path):
                continue
            kind = kind_of(target.path)
            if target.path.startswith("/admin/") and seen.get(kind, 0) < most:
                seen[kind] = seen.get(kind, 0) + 1
                waiting.append(target.path)
    return sorted(set(found))
