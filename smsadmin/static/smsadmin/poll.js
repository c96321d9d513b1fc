/* Polls the server for updates to a page: less often after failures, and not while the page is hidden. */
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
