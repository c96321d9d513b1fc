/* The page on which a survey is built: its questions as a list, and the conversation beside it. The rules are the
   server's; without this script the same form has positions to type and boxes to tick. */
'use strict';
{
    const PAUSE = 250;

    const builder = document.getElementById('builder');
    const form = builder.closest('form');
    const rows = document.getElementById('question-rows');
    const preview = document.getElementById('preview');
    const content = document.getElementById('preview-content');
    const summary = document.getElementById('preview-summary');

    // Questions ---------------------------------------------------------------------------------------------

    function questions() {
        return [...rows.children];
    }

    function orderOf(row) {
        return row.querySelector('[name$="-ORDER"]');
    }

    function promptOf(row) {
        return row.querySelector('textarea');
    }

    function tell(sentence) {
        document.getElementById('question-status').textContent = sentence;
    }

    function number() {
        const all = questions();
        all.forEach((row, index) => {
            orderOf(row).value = index + 1;
            row.querySelector('[data-number]').textContent = `Question ${index + 1}`;
            row.querySelector('[data-prompt-label]')?.replaceChildren(`Question ${index + 1}`);
            row.querySelector('[data-move="-1"]').disabled = index === 0;
            row.querySelector('[data-move="1"]').disabled = index === all.length - 1;
        });
    }

    function changed() {
        number();
        updateSoon();
    }

    function add() {
        const total = form.elements['questions-TOTAL_FORMS'];
        const template = document.getElementById('question-template');
        const row = template.content.firstElementChild.cloneNode(true);
        const parts = [row, ...row.querySelectorAll('*')];
        for (const part of parts) {
            for (const name of ['id', 'name', 'for']) {
                if (part.hasAttribute(name)) {
                    part.setAttribute(name, part.getAttribute(name).replace('__prefix__', total.value));
                }
            }
        }
        total.value = Number(total.value) + 1;
        rows.append(row);
        equip(row);
        changed();
        return row;
    }

    function move(row, by, focused) {
        const all = questions();
        const to = all.indexOf(row) + by;
        if (to < 0 || to >= all.length) {
            return;
        }
        if (by < 0) {
            all[to].before(row);
        } else {
            all[to].after(row);
        }
        changed();
        tell(`Now question ${to + 1} of ${all.length}.`);
        const other = row.querySelector(`[data-move="${-by}"]`);
        (focused.disabled ? other : focused).focus();
    }

    function remove(row) {
        const next = row.nextElementSibling ?? row.previousElementSibling;
        row.remove();
        tell('The question was removed.');
        if (next) {
            (promptOf(next) ?? next.querySelector('[data-remove]')).focus();
        } else {
            promptOf(add()).focus();
        }
        changed();
    }

    function grow(area) {
        if (!CSS.supports('field-sizing', 'content')) {
            area.style.height = 'auto';
            area.style.height = `${area.scrollHeight + 2}px`;
        }
    }

    // By pointer events: they serve mouse, pen and finger alike.
    function drag(row, handle) {
        handle.addEventListener('pointerdown', (event) => {
            event.preventDefault();
            handle.setPointerCapture(event.pointerId);
            row.classList.add('is-dragged');
        });
        handle.addEventListener('pointermove', (event) => {
            if (!row.classList.contains('is-dragged')) {
                return;
            }
            const before = row.previousElementSibling?.getBoundingClientRect();
            const after = row.nextElementSibling?.getBoundingClientRect();
            if (before && event.clientY < before.top + before.height / 2) {
                row.previousElementSibling.before(row);
                handle.setPointerCapture(event.pointerId);
            } else if (after && event.clientY > after.top + after.height / 2) {
                row.nextElementSibling.after(row);
                handle.setPointerCapture(event.pointerId);
            }
        });
        const end = () => {
            if (row.classList.contains('is-dragged')) {
                row.classList.remove('is-dragged');
                changed();
            }
        };
        handle.addEventListener('pointerup', end);
        handle.addEventListener('pointercancel', end);
    }

    function equip(row) {
        row.querySelectorAll('[data-with-script]').forEach((part) => { part.hidden = false; });
        row.querySelectorAll('[data-without-script]').forEach((part) => {
            part.hidden = !part.querySelector('.errorlist');
        });
        const handle = row.querySelector('[data-handle]');
        handle.hidden = false;
        drag(row, handle);
        row.addEventListener('click', (event) => {
            const button = event.target.closest('button');
            if (button?.dataset.move) {
                move(row, Number(button.dataset.move), button);
            } else if (button && 'remove' in button.dataset) {
                remove(row);
            }
        });
    }

    function isEmpty(row) {
        return !row.querySelector('[name$="-kept"]').value && !promptOf(row)?.value.trim();
    }

    function start() {
        builder.querySelectorAll('[data-with-script]').forEach((part) => { part.hidden = false; });
        builder.querySelectorAll('[data-without-script]').forEach((part) => { part.hidden = true; });
        const placed = questions().map((row, index) => [Number(orderOf(row).value) || Infinity, index, row]);
        placed.sort((one, other) => one[0] - other[0] || one[1] - other[1]);
        placed.forEach(([, , row]) => {
            rows.append(row);
            equip(row);
        });
        const [, ...empty] = questions().filter(isEmpty);
        const hasQuestions = questions().some((row) => !isEmpty(row));
        (hasQuestions ? questions().filter(isEmpty) : empty).forEach((row) => row.remove());
        number();
        rows.addEventListener('change', (event) => {
            // One question at most asks for the name.
            if (event.target.matches('[name$="-is_name"]') && event.target.checked) {
                rows.querySelectorAll('[name$="-is_name"]').forEach((box) => { box.checked = box === event.target; });
            }
        });
        document.getElementById('question-add').addEventListener('click', () => promptOf(add()).focus());
    }

    // Preview -----------------------------------------------------------------------------------------------

    let timer = null;
    let request = null;

    function say(sentence) {
        const note = document.createElement('p');
        note.className = 'preview-problem';
        note.textContent = sentence;
        content.replaceChildren(note);
    }

    async function update() {
        clearTimeout(timer);
        request?.abort();
        const current = request = new AbortController();
        preview.setAttribute('aria-busy', 'true');
        try {
            const response = await fetch(builder.dataset.previewUrl, {
                method: 'POST', body: new FormData(form), signal: current.signal, credentials: 'same-origin',
            });
            if (response.redirected) {
                say('You have been logged out. Log in again in another tab, then go on here: your survey is kept.');
                return;
            }
            if (!response.ok) {
                throw new Error(response.statusText);
            }
            const answer = await response.json();
            content.innerHTML = answer.preview;
            summary.textContent = answer.summary;
        } catch (error) {
            if (error.name !== 'AbortError') {
                say('The preview could not be loaded. Your survey is still here; it is tried again as you type.');
            }
        } finally {
            if (request === current) {
                preview.removeAttribute('aria-busy');
            }
        }
    }

    function updateSoon() {
        clearTimeout(timer);
        timer = setTimeout(update, PAUSE);
    }

    if (rows) {
        start();
        form.querySelectorAll('textarea').forEach(grow);
        form.addEventListener('input', (event) => {
            if (event.target.matches('textarea')) {
                grow(event.target);
            }
            updateSoon();
        });
        form.addEventListener('change', updateSoon);
        window.addEventListener('pageshow', () => { number(); update(); });
    }
}
