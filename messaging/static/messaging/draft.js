/* Keeps an unfinished reply in this tab, even after leaving the page, until it is sent or emptied.

   Also keeps the token of the last try to send it, so that a reply that did arrive isn't sent twice. */
'use strict';
{
    const reply = document.getElementById('reply');
    const key = reply?.dataset.draft;

    function keep(token) {
        const body = reply.elements.body.value;
        if (body) {
            sessionStorage.setItem(key, JSON.stringify({body, token}));
        } else {
            sessionStorage.removeItem(key);
        }
    }

    if (reply) {
        const {body, token} = JSON.parse(sessionStorage.getItem(key)) ?? {};
        if (body && !reply.elements.body.value) {
            reply.elements.body.value = body;
            reply.elements.token.value = token || reply.elements.token.value;
        }
        reply.addEventListener('input', () => keep(''));
        reply.addEventListener('submit', () => keep(reply.elements.token.value));
    }
}
