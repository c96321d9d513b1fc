/* Pages that follow what happens while they are open: asking the server for news, less often after failures and not
   while the page is hidden; putting new HTML into the page; and the number of unread texts in its header and title. */
'use strict';

// Requests `address` in `seconds`. `use` is called with each response and returns the seconds until the next request, or
// nothing to stop. `refused` is called on a redirect or a 4xx status: the user was logged out, or the object was
// deleted. `failed` is called if there is no response or a 5xx status. Returns a function that polls immediately.
function poll(address, seconds, use, {refused = () => {}, failed = () => {}} = {}) {
    const LONGEST = 30;

    let request = null;
    let timer = null;
    let failures = 0;
    let isRefused = false;
    let wait = seconds;

    async function ask() {
        clearTimeout(timer);
        request?.abort();
        const current = request = new AbortController();
        try {
            const response = await fetch(address, {
                credentials: 'same-origin', headers: {'X-Poll': '1'}, signal: current.signal,
            });
            isRefused = response.redirected || (response.status >= 400 && response.status < 500);
            if (!isRefused && !response.ok) {
                throw new Error(response.statusText);
            }
            const next = isRefused ? wait : await use(response);
            if (request !== current) {
                return;
            }
            failures = 0;
            wait = next;
        } catch {
            if (request !== current) {
                return;
            }
            failures += 1;
            wait = Math.min(2 ** failures, LONGEST);
            failed();
        }
        if (isRefused) {
            refused();
        } else {
            plan();
        }
    }

    function plan() {
        clearTimeout(timer);
        if (wait && !document.hidden) {
            timer = setTimeout(ask, wait * 1000);
        }
    }

    document.addEventListener('visibilitychange', () => {
        clearTimeout(timer);
        // Even after a refusal, because the user may have logged in again in another tab.
        if (wait && !document.hidden) {
            ask();
        }
    });
    plan();
    return ask;
}

function parse(html) {
    const template = document.createElement('template');
    template.innerHTML = html;
    return template.content;
}

// Changes only what differs, in place, so that clicks and focus aren't lost and screen readers repeat nothing. Parts of
// `fresh` may be moved into the page.
function change(shown, fresh) {
    if (shown.isEqualNode(fresh)) {
        return;
    }
    if (shown.nodeName !== fresh.nodeName) {
        shown.replaceWith(fresh);
        return;
    }
    if (shown.nodeType !== Node.ELEMENT_NODE) {
        shown.nodeValue = fresh.nodeValue;
        return;
    }
    [...shown.attributes].filter(({name}) => !fresh.hasAttribute(name)).forEach(({name}) => {
        shown.removeAttribute(name);
    });
    [...fresh.attributes].filter(({name, value}) => shown.getAttribute(name) !== value).forEach(({name, value}) => {
        shown.setAttribute(name, value);
    });
    const parts = [...shown.childNodes];
    [...fresh.childNodes].forEach((part, index) => {
        if (parts[index]) {
            change(parts[index], part);
        } else {
            shown.append(part);
        }
    });
    parts.slice(fresh.childNodes.length).forEach((part) => part.remove());
}

function showUnreadTexts(count) {
    const shown = count.toLocaleString('en-US');
    for (const place of document.querySelectorAll('[data-unread-texts]')) {
        place.textContent = count ? ` (${shown})` : '';
    }
    document.title = (count ? `(${shown}) ` : '') + document.title.replace(/^\([\d,]+\) /, '');
}
