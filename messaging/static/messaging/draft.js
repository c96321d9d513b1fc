/* A half-written reply outlives the other forms and links of its page, in this tab, until it is sent or emptied.

   With it goes the token under which it was last sent: should that have arrived unnoticed, it is not sent twice. */
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
