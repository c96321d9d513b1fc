/* The two forms of a conversation. */
'use strict';

// The name: a form that opens below "Add a name". It gets the focus, and Escape or a click outside closes it.
{
    const details = document.querySelector('.conversation-name');

    if (details) {
        const button = details.querySelector('summary');
        details.addEventListener('toggle', () => {
            if (details.open) {
                details.querySelector('input[name="name"]').focus();
            }
        });
        details.addEventListener('keydown', (event) => {
            if (event.key === 'Escape' && details.open) {
                details.open = false;
                button.focus();
            }
        });
        document.addEventListener('pointerdown', (event) => {
            if (!details.contains(event.target)) {
                details.open = false;
            }
        });
    }
}

// The reply: what is unfinished stays in this tab, even after leaving the page, until it is sent or emptied. So does the
// token of the last try to send it, so that a reply that did arrive isn't sent twice.
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
