/* The page of a blast while it runs: what the server says of it, each second. */
'use strict';
{
    const AFTER_FAILURE = 5;

    const blast = document.getElementById('blast');
    const progress = document.getElementById('progress');
    const recipients = document.getElementById('recipients');

    function show(element, html) {
        const fresh = element.cloneNode(false);
        fresh.append(parse(html));
        change(element, fresh);
        hideReload();
    }

    function hideReload() {
        progress.querySelectorAll('[data-without-script]').forEach((link) => { link.hidden = true; });
    }

    async function look() {
        let againIn = AFTER_FAILURE;
        try {
            const response = await fetch(blast.dataset.progressUrl + location.search, {
                credentials: 'same-origin', headers: {'X-Poll': '1'},
            });
            if (response.ok && !response.redirected) {
                const answer = await response.json();
                show(progress, answer.progress);
                show(recipients, answer.recipients);
                againIn = answer.again_in;
            } else if (response.redirected || response.status < 500) {
                // Logged out or deleted: a reload says so.
                progress.querySelectorAll('[data-without-script]').forEach((link) => { link.hidden = false; });
                return;
            }
        } catch {
            // The network is away for a moment: the next look tells more.
        }
        lookIn(againIn);
    }

    function lookIn(seconds) {
        if (seconds) {
            setTimeout(look, seconds * 1000);
        }
    }

    hideReload();
    lookIn(Number(blast.dataset.againIn));
}
