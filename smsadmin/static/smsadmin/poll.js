/* Asks the server again and again for what a page shows: less often while it fails, and not while the page is hidden. */
'use strict';

// Asks `address` in `seconds`. `use` is given each answer, and gives back in how many seconds to ask again; without
// any, that was the last time. `refused` is called when the answer is another page or a refusal: the user was logged
// out, or what is shown was deleted. `failed` is called when there was no answer, or that of a broken server.
// Gives back what asks at once.
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
        // Also after a refusal: perhaps somebody has logged in again in another tab.
        if (wait && !document.hidden) {
            ask();
        }
    });
    plan();
    return ask;
}
