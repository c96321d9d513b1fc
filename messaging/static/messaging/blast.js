/* The page of a blast while it runs: what the server says of it, each second. */
'use strict';
{
    const AFTER_FAILURE = 5;

    const blast = document.getElementById('blast');
    const progress = document.getElementById('progress');
    const recipients = document.getElementById('recipients');

    // Changes only what differs, so that a click or the focus is not lost to a replaced element.
    function morph(from, to) {
        if (from.nodeType !== to.nodeType || from.nodeName !== to.nodeName) {
            from.replaceWith(to.cloneNode(true));
            return;
        }
        if (from.nodeType !== Node.ELEMENT_NODE) {
            if (from.nodeValue !== to.nodeValue) {
                from.nodeValue = to.nodeValue;
            }
            return;
        }
        for (const name of from.getAttributeNames()) {
            if (!to.hasAttribute(name)) {
                from.removeAttribute(name);
            }
        }
        for (const {name, value} of to.attributes) {
            if (from.getAttribute(name) !== value) {
                from.setAttribute(name, value);
            }
        }
        morphChildren(from, to);
    }

    function morphChildren(from, to) {
        const old = [...from.childNodes];
        const fresh = [...to.childNodes];
        fresh.forEach((node, index) => {
            if (index < old.length) {
                morph(old[index], node);
            } else {
                from.append(node.cloneNode(true));
            }
        });
        old.slice(fresh.length).forEach((node) => node.remove());
    }

    function show(element, html) {
        const fresh = document.createElement('template');
        fresh.innerHTML = html;
        morphChildren(element, fresh.content);
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
