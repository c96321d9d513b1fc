/* Updates the rows of the inbox every few seconds, and keeps the focus, the selection, typed text and the page. */
'use strict';
{
    const EVERY = 4;
    const boxes = [];
    let seen = null;

    // The rows by conversation id.
    function rowsOf(root) {
        const rows = new Map();
        root.querySelectorAll('#result_list > tbody > tr').forEach((row) => {
            rows.set(row.querySelector('[name="shown"]').value.split('-')[0], row);
        });
        return rows;
    }

    // The admin's own script keeps the array of checkboxes that it gets, so we pass one that we update with the rows.
    const followSelection = window.Actions;
    window.Actions = () => {
        listBoxes();
        followSelection(boxes);
    };

    function listBoxes() {
        boxes.splice(0, boxes.length, ...document.querySelectorAll('#result_list input.action-select'));
    }

    function countSelected() {
        const before = [...boxes];
        listBoxes();
        const counter = document.querySelector('.action-counter');
        const isWholeList = document.querySelector('input.select-across')?.value === '1';
        const isSame = before.length === boxes.length && before.every((box) => boxes.includes(box));
        if (counter && !isSame && !(isWholeList && boxes.every((box) => box.checked))) {
            counter.dataset.actionsIcnt = boxes.length;
            // Makes the admin's script count again.
            window.dispatchEvent(new Event('pageshow'));
        }
    }

    // The link element stays, so that it keeps the focus.
    function refreshCell(cell, fresh) {
        const link = cell.querySelector('a.thread');
        const freshLink = fresh.querySelector('a.thread');
        if (!link || !freshLink) {
            cell.innerHTML = fresh.innerHTML;
            return;
        }
        link.className = freshLink.className;
        link.href = freshLink.getAttribute('href');
        link.innerHTML = freshLink.innerHTML;
        freshLink.remove();
        [...cell.childNodes].filter((node) => node !== link).forEach((node) => node.remove());
        cell.append(...fresh.childNodes);
    }

    // Replaces all cells except the checkbox, so that a selection isn't disturbed.
    function refreshRow(row, fresh) {
        [...row.cells].forEach((cell, index) => {
            if (!cell.classList.contains('action-checkbox') && cell.innerHTML !== fresh.cells[index].innerHTML) {
                refreshCell(cell, fresh.cells[index]);
            }
        });
    }

    // Puts the rows in that order. A row with focus would lose it if moved, so the others are moved around it.
    function arrange(body, rows) {
        const focused = document.activeElement?.closest('#result_list > tbody > tr');
        let next = body.firstElementChild;
        rows.forEach((row) => {
            while (row === focused && next !== focused) {
                const other = next;
                next = next.nextElementSibling;
                body.append(other);
            }
            if (row === next) {
                next = next.nextElementSibling;
            } else {
                body.insertBefore(row, next);
            }
        });
    }

    function showRows(inbox, fresh) {
        // The last text that "Mark as read" may treat as seen.
        inbox.querySelector('[name="up_to"]').value = fresh.querySelector('[name="up_to"]').value;
        const old = rowsOf(inbox);
        const rows = rowsOf(fresh);
        const shown = [];
        rows.forEach((row, key) => {
            const known = old.get(key);
            if (known) {
                refreshRow(known, row);
            }
            shown.push(known || document.importNode(row, true));
        });
        old.forEach((row, key) => {
            if (rows.has(key)) {
                return;
            }
            if (row.querySelector('input.action-select:checked') || row.contains(document.activeElement)) {
                shown.push(row);
            } else {
                row.remove();
            }
        });
        arrange(inbox.querySelector('#result_list').tBodies[0], shown);
        countSelected();
    }

    // Shows the number of all unread texts, and announces new ones to screen readers.
    function showUnread(inbox, fresh) {
        const [before, now] = [inbox, fresh].map((part) => Number(part.dataset.unread));
        inbox.dataset.unread = now;
        showUnreadTexts(now);
        const more = now - before;
        const [came, unread] = [more, now].map((count) => count.toLocaleString('en-US'));
        document.getElementById('inbox-news').textContent =
            more > 0 ? `${came} new text${more > 1 ? 's' : ''}, ${unread} unread.` : '';
    }

    function show(html) {
        const fresh = new DOMParser().parseFromString(html, 'text/html').getElementById('inbox');
        const inbox = document.getElementById('inbox');
        if (!fresh) {
            return;
        }
        showUnread(inbox, fresh);
        if (inbox.querySelector('#result_list') && fresh.querySelector('#result_list')) {
            showRows(inbox, fresh);
        } else if (fresh.innerHTML !== inbox.innerHTML && !inbox.contains(document.activeElement)) {
            inbox.replaceChildren(...fresh.childNodes);
            if (inbox.querySelector('input.action-select')) {
                window.Actions();
            }
        }
    }

    poll(location.href, EVERY, async (response) => {
        const html = await response.text();
        if (html !== seen) {
            show(html);
            seen = html;
        }
        return EVERY;
    });
}
