/* The survey builder: the list of questions, and the conversation beside it. The server checks everything; without this
   script, the same form has position fields and checkboxes. */
'use strict';
{
    const builder = document.getElementById('builder');
    const form = builder.closest('form');
    const rows = document.getElementById('question-rows');
    const {update, updateSoon} = followPreview(form, builder.dataset.previewUrl, 'survey');

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

    function announce(sentence) {
        document.getElementById('question-status').textContent = sentence;
    }

    function number() {
        const all = questions();
        all.forEach((row, index) => {
            orderOf(row).value = index + 1;
            row.querySelector('[data-number]').textContent = `Question ${index + 1}`;
            row.querySelector('[data-prompt-label]')?.replaceChildren(`Question ${index + 1}`);
            const [up, down] = ['-1', '1'].map((by) => row.querySelector(`[data-move="${by}"]`));
            up.disabled = index === 0;
            down.disabled = index === all.length - 1;
            up.setAttribute('aria-label', `Move question ${index + 1} up`);
            down.setAttribute('aria-label', `Move question ${index + 1} down`);
            row.querySelector('[data-remove]').setAttribute('aria-label', `Remove question ${index + 1}`);
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
        setUpRow(row);
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
        announce(`Moved to question ${to + 1} of ${all.length}.`);
        const other = row.querySelector(`[data-move="${-by}"]`);
        (focused.disabled ? other : focused).focus();
    }

    // Removed questions that weren't empty, most recent last: {row, index, placeholder}.
    const removed = [];

    function focusOn(row) {
        (promptOf(row) ?? row.querySelector('[data-remove]')).focus();
    }

    function remove(row) {
        const index = questions().indexOf(row);
        const next = row.nextElementSibling ?? row.previousElementSibling;
        row.remove();
        const placeholder = next ? null : add();
        changed();
        announce(`Question ${index + 1} was removed.`);
        if (isEmpty(row)) {
            focusOn(next ?? placeholder);
        } else {
            removed.push({row, index, placeholder});
            offerUndo();
            document.querySelector('#question-undo button').focus();
        }
    }

    function offerUndo() {
        const last = removed.at(-1);
        const bar = document.getElementById('question-undo');
        bar.hidden = !last;
        if (last) {
            bar.querySelector('span').textContent = `Question ${last.index + 1} was removed.`;
            bar.querySelector('button').setAttribute('aria-label', `Undo: restore question ${last.index + 1}`);
        }
    }

    function undo() {
        const {row, index, placeholder} = removed.pop();
        if (placeholder && isEmpty(placeholder)) {
            placeholder.remove();
        }
        rows.insertBefore(row, questions()[index] ?? null);
        if (rows.querySelectorAll('[name$="-is_name"]:checked').length > 1) {
            row.querySelector('[name$="-is_name"]').checked = false;
        }
        changed();
        offerUndo();
        announce(`Question restored: ${questions().indexOf(row) + 1} of ${questions().length}.`);
        focusOn(row);
    }

    // Pointer events work for mouse, pen and finger.
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

    function setUpRow(row) {
        drag(row, row.querySelector('[data-handle]'));
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
        const placed = questions().map((row, index) => [Number(orderOf(row).value) || Infinity, index, row]);
        placed.sort((one, other) => one[0] - other[0] || one[1] - other[1]);
        placed.forEach(([, , row]) => {
            rows.append(row);
            setUpRow(row);
        });
        const [, ...empty] = questions().filter(isEmpty);
        const hasQuestions = questions().some((row) => !isEmpty(row));
        (hasQuestions ? questions().filter(isEmpty) : empty).forEach((row) => row.remove());
        // One that was typed into before going away and coming back.
        questions().forEach((row) => row.classList.remove('without-script'));
        number();
        rows.addEventListener('change', (event) => {
            // At most one question asks for the name.
            if (event.target.matches('[name$="-is_name"]') && event.target.checked) {
                rows.querySelectorAll('[name$="-is_name"]').forEach((box) => { box.checked = box === event.target; });
            }
        });
        document.getElementById('question-add').addEventListener('click', () => promptOf(add()).focus());
        document.querySelector('#question-undo button').addEventListener('click', undo);
    }

    // The field with the first error. An error about all questions points to those with errors of their own, if any.
    function focusOnError() {
        const told = builder.querySelector('.errorlist');
        const part = told?.closest('.builder-questions')?.querySelector('.question-row:has(.errorlist)')
            ?? told?.closest('.question-row, .builder-field');
        [...part?.querySelectorAll('input, textarea, select') ?? []].find((field) => field.offsetHeight)?.focus();
    }

    // The practice phone uses the saved survey. If there are unsaved changes, the user chooses.
    function warnBeforeTest() {
        const link = document.getElementById('try-it');
        const notice = document.getElementById('try-unsaved');
        link?.addEventListener('click', (event) => {
            if (hasUnsavedChanges(form)) {
                event.preventDefault();
                notice.hidden = false;
                notice.focus();
            }
        });
        notice?.querySelector('button').addEventListener('click', () => form.requestSubmit(form.elements._try));
    }

    if (rows) {
        start();
        warnBeforeTest();
        // After the admin's own script, which focuses the first field.
        window.addEventListener('load', focusOnError);
        form.querySelectorAll('textarea').forEach(grow);
        form.addEventListener('input', (event) => {
            if (event.target.matches('textarea')) {
                grow(event.target);
            }
            updateSoon();
        });
        form.addEventListener('change', updateSoon);
        window.addEventListener('pageshow', () => {
            number();
            // The page came with the preview of what it came with.
            if (hasUnsavedChanges(form)) {
                update();
            }
        });
    }
}
