/* The inbox: its rows as they are now, every few seconds. A selection, what is being typed and the page stay. */
'use strict';
{
    const EVERY = 4000;
    let seen = null;

    function rowsOf(root) {
        const rows = new Map();
        root.querySelectorAll('#result_list > tbody > tr').forEach((row) => {
            const box = row.querySelector('input.action-select');
            rows.set(box ? box.value : row.querySelector('a.thread').getAttribute('href'), row);
        });
        return rows;
    }

    // Takes over the cells, but for the one with the checkbox: whoever selects must not be disturbed.
    function refreshRow(row, fresh) {
        [...row.cells].forEach((cell, index) => {
            if (!cell.classList.contains('action-checkbox') && cell.innerHTML !== fresh.cells[index].innerHTML) {
                cell.innerHTML = fresh.cells[index].innerHTML;
            }
        });
    }

    // The admin's own script knows the checkboxes of the page as it was loaded: it gets to know those of new rows.
    function teachSelection(table) {
        const toggle = document.getElementById('action-toggle');
        if (!toggle || !window.Actions) {
            return;
        }
        toggle.replaceWith(toggle.cloneNode(true));
        const body = table.tBodies[0];
        const again = body.cloneNode(false);
        again.append(...body.rows);
        body.replaceWith(again);
        const boxes = document.querySelectorAll('tr input.action-select');
        document.querySelector('.action-counter').dataset.actionsIcnt = boxes.length;
        window.Actions(boxes);
        // Has it counted anew.
        boxes[0].dispatchEvent(new Event('change', {bubbles: true}));
    }

    function show(html) {
        const fresh = new DOMParser().parseFromString(html, 'text/html').getElementById('inbox');
        const inbox = document.getElementById('inbox');
        const table = inbox.querySelector('#result_list');
        if (!fresh || !table || !fresh.querySelector('#result_list')) {
            if (fresh && fresh.innerHTML !== inbox.innerHTML && !inbox.contains(document.activeElement)) {
                inbox.replaceChildren(...fresh.childNodes);
                if (inbox.querySelector('#result_list')) {
                    window.Actions?.(document.querySelectorAll('tr input.action-select'));
                }
            }
            return;
        }
        const old = rowsOf(inbox);
        const rows = rowsOf(fresh);
        const body = table.tBodies[0];
        let isNew = false;
        let place = null;
        rows.forEach((row, key) => {
            const known = old.get(key);
            if (known) {
                refreshRow(known, row);
            } else {
                isNew = true;
            }
            const shown = known || document.importNode(row, true);
            const next = place ? place.nextElementSibling : body.firstElementChild;
            if (shown !== next) {
                body.insertBefore(shown, next);
            }
            place = shown;
        });
        old.forEach((row, key) => {
            if (!rows.has(key) && !row.querySelector('input.action-select:checked')) {
                row.remove();
            }
        });
        if (isNew) {
            teachSelection(table);
        }
    }

    async function look() {
        try {
            const response = await fetch(location.href, {
                credentials: 'same-origin', headers: {Accept: 'text/html', 'X-Poll': '1'},
            });
            if (response.redirected || response.status === 403) {
                // Logged out: a reload leads to the login.
                return;
            }
            if (response.ok) {
                const html = await response.text();
                if (html !== seen) {
                    show(html);
                    seen = html;
                }
            }
        } catch {
            // The network is away for a moment: the next look tells more.
        }
        lookSoon();
    }

    let timer = null;

    function lookSoon() {
        clearTimeout(timer);
        if (!document.hidden) {
            timer = setTimeout(look, EVERY);
        }
    }

    document.addEventListener('visibilitychange', () => {
        clearTimeout(timer);
        if (!document.hidden) {
            look();
        }
    });
    lookSoon();
}
